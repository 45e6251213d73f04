"""A list sorted by any of its columns walks an index: sorting a million rows for each page would take seconds."""

import pytest
from django.db.models import Q
from django.urls import get_resolver

from crm.web.lists.base import List
from customers.models import Activity, Contact, Customer, Task
from customers.sales.models import Opportunity, Order
from service.models import Ticket

LARGE = (Activity, Contact, Customer, Opportunity, Order, Task, Ticket)


@pytest.mark.parametrize("model", LARGE, ids=lambda model: model.kind)
def test_every_column_that_sorts_has_an_index(model):
    lists = [view for view in every_list() if getattr(view, "model", None) is model]
    assert lists
    led_by = {index.fields[0].removeprefix("-") for index in model._meta.indexes if walks(index)}
    led_by |= {field.name for field in model._meta.fields if field.unique}
    led_by |= {rule.fields[0] for rule in model._meta.constraints if getattr(rule, "fields", None)}
    led_by |= {path for beside in model._meta.related_objects if beside.one_to_one for path in walked_beside(beside)}
    for view in lists:
        sorts = {column.sort for column in view.columns if column.sort}
        assert sorts - led_by == set(), f"{view.__name__}: crm.models.indexes.for_sorting makes them"


def walked_beside(beside):
    """What stands in a row of its own beside each record, in the order of its index, which ends in the record."""
    for index in beside.related_model._meta.indexes:
        if len(index.fields) == 2 and index.fields[1] == beside.field.name:
            yield f"{beside.name}__{index.fields[0]}"


def walks(index):
    """Whether its rows are those of a list, in the order of its first column and the key."""
    if len(index.fields) != 2 or index.fields[1].removeprefix("-") != "id":
        return False
    valued = Q(**{f"{index.fields[0]}__isnull": False})
    return index.condition in (Q(deleted_at=None), Q(deleted_at=None) & valued)


def every_list(kind=List):
    assert get_resolver().url_patterns  # they are known once the addresses are
    for each in kind.__subclasses__():
        if each.__module__.startswith(("crm.", "customers.", "service.", "surveys.", "evaluation.")):
            yield each
        yield from every_list(each)
