"""Everything that points at a person says what becomes of it when the person is erased."""

from customers.models import Contact, erasing
from customers.models.following import pointers_to

# What they hold besides the pointer is no text of or about the person.
NO_TEXT = {"customers.Activity_contacts"}


def test_every_table_that_points_at_a_contact_says_what_an_erasure_does_to_it():
    known = {holder.label for holder in erasing.holders()} | NO_TEXT
    assert {label for label, _field in pointers_to(Contact)} - known == set()
