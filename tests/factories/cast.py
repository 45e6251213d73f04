"""A small named cast: three teams under one company, one person for each role and place.

Company ─┬─ North ── North Inside
         └─ South
"""

from functools import cached_property

from crm.models import Role, Team, User
from tests.factories.crm import TeamFactory, UserFactory


class Cast:
    """Each person is created when first asked for."""

    @cached_property
    def company(self) -> Team:
        return TeamFactory(name="Company")

    @cached_property
    def north(self) -> Team:
        return TeamFactory(name="North", parent=self.company)

    @cached_property
    def north_inside(self) -> Team:
        return TeamFactory(name="North Inside", parent=self.north)

    @cached_property
    def south(self) -> Team:
        return TeamFactory(name="South", parent=self.company)

    def person(self, name: str, team: Team | None, *roles: str, **fields) -> User:
        email = name.lower().replace(" ", ".") + "@example.com"
        return UserFactory(name=name, email=email, team=team, roles=[Role.objects.get(code=r) for r in roles], **fields)

    @cached_property
    def rep(self) -> User:
        return self.person("Rosa Rep", self.north, "sales_rep")

    @cached_property
    def teammate(self) -> User:
        return self.person("Tom Teammate", self.north, "sales_rep")

    @cached_property
    def junior(self) -> User:
        return self.person("Jana Junior", self.north_inside, "sales_rep")

    @cached_property
    def outsider(self) -> User:
        return self.person("Olaf Outsider", self.south, "sales_rep")

    @cached_property
    def agent(self) -> User:
        return self.person("Ada Agent", self.north, "support_agent")

    @cached_property
    def manager(self) -> User:
        return self.person("Mia Manager", self.north, "sales_manager")

    @cached_property
    def service_manager(self) -> User:
        return self.person("Sven Service", self.north, "service_manager")

    @cached_property
    def analyst(self) -> User:
        return self.person("Ana Analyst", self.company, "analyst")

    @cached_property
    def administrator(self) -> User:
        return self.person("Alex Admin", self.company, "administrator")

    @cached_property
    def nobody(self) -> User:
        """Signed in, without any role."""
        return self.person("Nils Nobody", self.north)
