from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import IntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast, Now
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access, Derived, Grant, Granted, Limit, Shared, access_of
from crm.access.permissions import Reach, Verb
from crm.access.querysets import ScopedQuerySet
from crm.models.custom_field import CustomField
from crm.models.prepared import Prepared
from crm.models.quickly_read import QuicklyRead
from crm.models.role import Role, RoleField, RoleGrant
from crm.models.share import Share
from crm.models.team import Team


class UserQuerySet(ScopedQuerySet):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def in_teams(self, team_ids: list[int]) -> UserQuerySet:
        return self.filter(team_id__in=team_ids)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str | None, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower() if email else None, **fields)
        user.set_password(password)  # None makes it unusable
        user.full_clean()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields.setdefault("name", email.split("@")[0])
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str) -> User:
        return self.get(email=email.lower())


class Theme(models.TextChoices):
    AUTO = "auto", _("like the device")
    LIGHT = "light", _("light")
    DARK = "dark", _("dark")


class User(QuicklyRead, AbstractBaseUser):
    """A person who works here. Without an email address somebody is on record but cannot sign in."""

    kind: ClassVar[str] = "person"
    owner_field = None
    team_field = None

    email = models.EmailField(_("email address"), unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=120, help_text=_("As it is spoken: 张伟, or Anna Snelling."))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("team"))
    roles = models.ManyToManyField(Role, blank=True, related_name="people", verbose_name=_("roles"))
    language = models.CharField(_("language"), max_length=10, default="en")
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    timezone = models.CharField(_("time zone"), max_length=60, blank=True)
    reminds_by_mail = models.BooleanField(_("reminders by email too"), default=False)
    # The hour of the person's own clock at which the summary of the day comes by mail; none: it does not.
    summary_hour = models.PositiveSmallIntegerField(_("daily summary by email"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_superuser = models.BooleanField(_("administrator of the installation"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=True) | Q(email=models.functions.Lower("email")),
                name="user_email_is_lower_case",
            ),
            models.CheckConstraint(
                condition=Q(summary_hour=None) | Q(summary_hour__lte=23), name="user_summary_hour_is_an_hour"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.email = self.email.lower() if self.email else None
        self.name = self.name.strip()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """How the admin site greets."""
        return self.name

    @property
    def access(self) -> Access:
        return access_of(self)

    def granted(self) -> Granted:
        """What the roles of the person grant, which fields they close, which follow those, whether search keeps any
        apart, and what was shared with the person. One query."""
        found = _granted(self.pk)
        return Granted(
            [Grant(*row[:4]) for row in found if row[4] == "grant"],
            [Limit(*row[:4]) for row in found if row[4] == "limit"],
            [_derived(row[1], row[2]) for row in found if row[4] == "derived"],
            any(row[4] == "apart" for row in found),
            [Shared(*row[:4]) for row in found if row[4] == "share"],
        )

    def team_ids_and_below(self) -> list[int]:
        """The person's team and those the person manages, with every team below. One query."""
        mine = Team.objects.filter(Q(pk=self.team_id) | Q(manager=self)).order_by().values_list("pk", flat=True)
        return list(Team.objects.below(list(mine)).order_by().values_list("pk", flat=True))

    def roles_granting(self, kind: str, verb: Verb) -> list[str]:
        grants = RoleGrant.objects.filter(role__people=self, kind=kind, verb=verb, reach__gt=Reach.NONE)
        return [str(grant.role) for grant in grants.select_related("role")]

    # What Django's admin site asks. Records are administered by the role, not by Django's own permissions.

    @property
    def is_staff(self) -> bool:
        return self.is_active and self.access.administers

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return self.is_staff

    def has_perms(self, perm_list: list[str], obj: object | None = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


def _of_roles(person: int) -> QuerySet[Any]:
    grants = RoleGrant.objects.filter(role__people=person).order_by()
    limits = RoleField.objects.filter(role__people=person).order_by()
    shares = Share.objects.filter(user=person).running(Now()).order_by()
    return grants.values_list("role_id", "kind", "verb", "reach", Value("grant")).union(
        limits.values_list("role_id", "kind", "name", "level", Value("limit")),
        CustomField.objects.computed().values_list(Value(0), "kind", "names_read", Value(0), Value("derived")),
        RoleField.objects.kept_apart().values_list("role_id", "kind", "name", "level", Value("apart")),
        shares.values_list(Cast("may_edit", IntegerField()), "about_kind", Value(""), "about_id", Value("share")),
        all=True,
    )


_granted = Prepared(_of_roles)


def _derived(kind: str, names: str) -> Derived:
    name, *reads = names.split()
    return Derived(kind, name, tuple(reads))
