"""The people, teams and customers a file names, and how they are found."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import REFERENCE, Field, Reference
from crm.models import Team, User
from customers.models import Contact, Customer

PERSON = Reference(User, ("name", "email"), related=("team",))


TEAM = Reference(Team)


CUSTOMER = Reference(Customer, ("name", "number"))


CONTACT = Reference(Contact, ("email", "name"))


OWNER_AND_TEAM = (
    Field("owner", _("owner"), REFERENCE, reference=PERSON),
    Field("team", _("team"), REFERENCE, reference=TEAM),
)
