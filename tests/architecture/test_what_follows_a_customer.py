"""Whatever points at a customer says what becomes of it when two customers are merged."""

from customers.models import Customer, following


def test_every_pointer_at_a_customer_is_registered():
    registered = {(each.label, each.field) for each in following.followers() if not each.where[0]}
    pointing = following.pointers_to(Customer)
    missing = sorted(pointing - registered)
    assert not missing, f"Register with customers.models.following in your subscriptions.py: {missing}"
    assert not registered - pointing
    assert len(pointing) > 15


def test_rows_that_stay_say_so_and_those_that_move_can():
    for each in following.moving():
        assert each.model._meta.get_field(each.field).concrete
        assert not each.once or each.model._meta.get_field(each.once).concrete
