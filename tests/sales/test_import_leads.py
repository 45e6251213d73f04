"""Leads from a file: tidy, found again, of whom the file says, and taken back unless somebody worked on them."""

from __future__ import annotations

import io

import pytest

from crm.exchange import batches
from crm.models import ImportBatch
from customers.sales.actions import leads
from customers.sales.models import Lead
from tests.crm.test_import_runs import LATER, NOW, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.sales import make_product

pytestmark = pytest.mark.django_db
FIELDS = {
    "name": "name",
    "organisation": "firm",
    "email": "mail",
    "phone": "phone",
    "channel": "channel",
    "owner": "owner",
    "product": "wants",
    "employees": "staff",
    "country": "land",
    "language": "speaks",
}
FILE = (
    "name,firm,mail,phone,channel,owner,wants,staff,land,speaks\n"
    "Lena  Lead,Lead Ltd,LENA@lead.example,+44 20 7946 0958,event,Rosa Rep,Pump,120,England,en\n"
    "Otto Open,,otto@open.example,,,,,,,\n"
    "Wrong,,,,moon,,,,,\n"
    "Few,,,,,,,-3,,\n"
)


def stage(by) -> ImportBatch:
    batch = batches.stage(io.BytesIO(FILE.encode()), target="lead", file_name="leads.csv", by=by, at=NOW)
    batches.choose(batch, {"fields": FIELDS}, at=NOW)
    return batch


def test_leads_of_a_file_are_found_again_and_taken_back_unless_worked_on(cast):
    pump, _named = make_product("Pump", at=NOW), cast.rep
    batch = run_batch(stage(cast.administrator))

    lena = Lead.objects.get(name="Lena Lead")
    assert (lena.email, lena.phone, lena.channel) == ("lena@lead.example", "+442079460958", "event")
    assert (lena.owner, lena.team, lena.state) == (cast.rep, cast.north, "new")
    assert (lena.product, lena.employees, lena.country, lena.language) == (pump, 120, "England", "en")
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Lena Lead", "Otto Open"]

    run_batch(stage(cast.administrator))
    assert Lead.objects.count() == 2

    leads.note_contact(lena, type="call", by=cast.rep, at=LATER)
    undo(batch)
    assert list(Lead.objects.values_list("name", flat=True)) == ["Lena Lead"]
