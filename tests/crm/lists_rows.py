"""Rows for the sample list of lists_urls.py."""

from __future__ import annotations

from datetime import timedelta

from customers.models import ChurnReason, Customer


def make_customers(count, owner, now, name="C", **fields):
    """C 00, C 01 …, each changed a minute after the one before."""
    if fields.get("lifecycle") == "churned":
        fields["churn_reason"] = ChurnReason.objects.get_or_create(name="Price")[0]
    return Customer.objects.bulk_create(
        Customer(
            name=f"{name} {n:02}",
            sort_name=f"{name} {n:02}".lower(),
            owner=owner,
            team=owner.team if owner else None,
            updated_at=now + timedelta(minutes=n),
            created_at=now,
            **fields,
        )
        for n in range(count)
    )


def walk(client, url):
    """The labels of all pages, following "next"; then of all pages back, following "previous"."""
    forth, pages, last = [], 0, url
    while url:
        shown = client.get(url).context["list"]
        forth += [row.label for row in shown.rows]
        last, url, pages = url, shown.after_url, pages + 1
        assert pages < 100
    back, url = [], last
    while url:
        shown = client.get(url).context["list"]
        back = [row.label for row in shown.rows] + back
        url = shown.before_url
    return forth, back
