"""People and teams from files. Only administrators import them: a role or an address decides who may do what."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.access.grants import access_of
from crm.exchange import declaring
from crm.exchange.declaring import BOOLEAN, REFERENCE, Field, Importable, Reference
from crm.exchange.drafts import Draft, Run
from crm.models import Role, Team, User


class TeamImport(Importable):
    def may_import(self, user: Any) -> bool:
        return access_of(user).administers

    def insert(self, drafts: list[Draft], run: Run) -> None:
        """One by one: a team keeps the path of the teams above it, and teams are few."""
        for draft in drafts:
            draft.record.save(force_insert=True)

    def save(self, drafts: list[Draft], run: Run) -> None:
        for draft in drafts:
            draft.record.save()

    def put_back(self, ids: list[int]) -> None:
        for team in Team._base_manager.filter(pk__in=ids):
            team.save()  # the paths of the teams below follow


class PersonImport(Importable):
    def may_import(self, user: Any) -> bool:
        return access_of(user).administers

    def new(self, draft: Draft, run: Run) -> User:
        person = User(date_joined=run.at)
        person.set_unusable_password()
        return person

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        role = draft.values.get("role")
        if role is None or (not draft.is_new and role in draft.record.roles.all()):
            return {}
        return {"role": [None, str(role)]}

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._give_roles(drafts)

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        self._give_roles([draft for draft in drafts if "role" in draft.changes])

    def parts(self) -> dict[str, Any]:
        return {"roles": User.roles.through}

    def _give_roles(self, drafts: list[Draft]) -> None:
        wanted = [draft for draft in drafts if draft.values.get("role") is not None]
        rows = User.roles.through.objects.bulk_create(
            User.roles.through(user_id=draft.record.pk, role_id=draft.values["role"].pk) for draft in wanted
        )
        for draft, row in zip(wanted, rows, strict=True):
            draft.parts["roles"] = [row.pk]


TEAMS = TeamImport(
    model=Team,
    fields=(
        Field("name", _("name"), required=True),
        Field("parent", _("part of"), REFERENCE, reference=Reference(Team)),
        Field("manager", _("manager"), REFERENCE, reference=Reference(User, ("name", "email"))),
    ),
    identities=(("name", "parent"), ("name",)),
    related=("parent",),
)

PEOPLE = PersonImport(
    model=User,
    fields=(
        Field("name", _("name"), required=True),
        Field("email", _("email address"), help=_("Without one the person is on record, but cannot sign in.")),
        Field("team", _("team"), REFERENCE, reference=Reference(Team)),
        Field("role", _("role"), REFERENCE, reference=Reference(Role, ("code", "name"), scoped=False), stored=False),
        Field("language", _("language")),
        Field("timezone", _("time zone")),
        Field("is_active", _("active"), BOOLEAN),
    ),
    identities=(("email",), ("name",)),
    unique=(("email",),),
    prefetch=("roles",),
)


def register() -> None:
    declaring.register(TEAMS, PEOPLE)
