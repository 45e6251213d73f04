from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.utils.translation import gettext_lazy as _

from crm.access.beside import said_beside
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.access.querysets import Rule, ScopedQuerySet
from crm.models import User
from customers.models.customer import Customer
from customers.models.match_key import Sign, Strength, reasons

SHARED_BY = 20  # customers; what more of them share tells nobody apart


class DuplicateQuerySet(ScopedQuerySet):
    def permitted(self, user: Any, verb: Verb) -> Self:
        """Pairs of customers that are both there and both the person's to edit, whatever is asked of the pair."""
        export = [Verb.EXPORT] if verb == Verb.EXPORT else []
        pairs = self
        for needed in (Verb.EDIT, *export):
            rules = Customer.objects.all().rules(access_of(user), needed)
            everything = any(not rule.q for rule in rules)
            # To whoever may edit everything only the few in the bin are closed: those are asked for instead.
            rows = Customer.objects.in_bin() if everything else Customer.objects.permitted(user, needed)
            for side in ("first", "second"):
                its = rows.filter(pk=OuterRef(f"{side}_id")).order_by()
                if everything:
                    pairs = pairs.filter(~Exists(its))
                else:
                    pairs = pairs.filter(_said_of(side, rules), _row_by_row(its))
        return pairs

    def open(self) -> Self:
        return self.filter(dismissed_at=None)

    def of_customer(self, customer: Customer) -> Self:
        return self.filter(Q(first=customer) | Q(second=customer))


class Duplicate(models.Model):
    """Two customers that may be one. Once somebody said that they are not, the pair is remembered as that."""

    kind: ClassVar[str] = "customer"

    first = models.ForeignKey(Customer, models.CASCADE, related_name="+", verbose_name=_("customer"))
    second = models.ForeignKey(Customer, models.CASCADE, related_name="+", verbose_name=_("customer"))
    signs = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("why"))
    strength = models.PositiveSmallIntegerField(_("strength"), choices=Strength.choices)
    found_at = models.DateTimeField(_("found"))
    dismissed_at = models.DateTimeField(_("not the same since"), null=True, blank=True)
    dismissed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[Any] = DuplicateQuerySet.as_manager()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ["-strength", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="duplicate_first_is_the_older"),
            models.CheckConstraint(
                condition=Q(dismissed_at__isnull=False) | Q(dismissed_by=None), name="duplicate_dismissed_has_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["-strength", "-id"], name="duplicate_open", condition=Q(dismissed_at=None)),
            models.Index(fields=["second"], name="duplicate_second"),
        ]

    def __str__(self) -> str:
        return f"{self.first} = {self.second}"

    @property
    def reasons(self) -> list[Any]:
        return reasons(self.signs)

    def dismiss(self, *, by: Any, at: datetime) -> None:
        if self.dismissed_at is None:
            self.dismissed_at, self.dismissed_by = at, by


def _said_of(side: str, rules: list[Rule]) -> Q:
    """What the columns beside the pair say of one side: few of a million pairs are left of whom to ask the customer."""
    said = Q()
    for rule in rules:
        beside = said_beside(side, rule.q, Customer.objects.all())
        if beside is None:
            return Q()
        said |= beside
    return said


def _row_by_row(customer: Any) -> Subquery:
    """Asked as EXISTS, what the columns have said already would count again: the planner takes the few pairs for none,
    and lists everybody's customers to find them."""
    return Subquery(customer.values(there=Value(True)), output_field=models.BooleanField())


# A value that a parent shares with its subsidiary says nothing but that; people of the same name are many.
_SCAN = """
    WITH held_twice AS MATERIALIZED (
        SELECT sign, value FROM customers_matchkey WHERE kind = 'customer'
        GROUP BY sign, value HAVING count(*) BETWEEN 2 AND %(most)s * 10
    ), standing AS MATERIALIZED (
        SELECT DISTINCT key.sign, key.value, coalesce(customer.merged_into_id, customer.id) AS id
        FROM held_twice JOIN customers_matchkey AS key USING (sign, value)
        JOIN customers_customer AS customer ON customer.id = key.object_id
        WHERE key.kind = 'customer' AND (customer.deleted_at IS NULL OR customer.merged_into_id IS NOT NULL)
          AND NOT (key.sign = %(name)s AND customer.form = 'person')
    ), shared AS MATERIALIZED (
        SELECT sign, ids FROM (
            SELECT sign, array_agg(id) AS ids FROM standing GROUP BY sign, value
        ) AS held WHERE cardinality(ids) BETWEEN 2 AND %(most)s
    ), pairs AS (
        SELECT a.id AS first_id, b.id AS second_id, array_agg(DISTINCT shared.sign ORDER BY shared.sign) AS signs
        FROM shared CROSS JOIN LATERAL unnest(shared.ids) AS a(id) CROSS JOIN LATERAL unnest(shared.ids) AS b(id)
        WHERE a.id < b.id GROUP BY a.id, b.id
    ), found AS MATERIALIZED (
        SELECT pairs.first_id, pairs.second_id, pairs.signs,
            CASE WHEN pairs.signs && %(strong)s::smallint[] OR cardinality(pairs.signs) > 1
                THEN %(certain)s ELSE %(likely)s END AS strength,
            one.owner_id AS first_owner_id, one.team_id AS first_team_id,
            other.owner_id AS second_owner_id, other.team_id AS second_team_id
        FROM pairs
        JOIN customers_customer AS one ON one.id = pairs.first_id AND one.deleted_at IS NULL
        JOIN customers_customer AS other ON other.id = pairs.second_id AND other.deleted_at IS NULL
        WHERE (one.parent_id IS DISTINCT FROM other.id AND other.parent_id IS DISTINCT FROM one.id)
           OR %(number)s = ANY(pairs.signs)
    ), gone AS (
        DELETE FROM customers_duplicate AS known WHERE dismissed_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM found WHERE found.first_id = known.first_id AND found.second_id = known.second_id)
    )
    INSERT INTO customers_duplicate AS known (
        first_id, second_id, signs, strength, found_at, first_owner_id, first_team_id, second_owner_id, second_team_id)
    SELECT first_id, second_id, signs, strength, %(at)s, first_owner_id, first_team_id, second_owner_id, second_team_id
    FROM found
    ON CONFLICT (first_id, second_id) DO UPDATE SET signs = excluded.signs, strength = excluded.strength,
        first_owner_id = excluded.first_owner_id, first_team_id = excluded.first_team_id,
        second_owner_id = excluded.second_owner_id, second_team_id = excluded.second_team_id
    WHERE (known.signs, known.strength, known.first_owner_id, known.first_team_id,
            known.second_owner_id, known.second_team_id)
        IS DISTINCT FROM (excluded.signs, excluded.strength, excluded.first_owner_id, excluded.first_team_id,
            excluded.second_owner_id, excluded.second_team_id)
"""


def scan(at: datetime) -> int:
    """Find all pairs anew, in one statement; returns how many are open then. Dismissed ones stay dismissed."""
    params: dict[str, Any] = {
        "name": int(Sign.NAME), "number": int(Sign.NUMBER), "strong": [int(Sign.NUMBER), int(Sign.EMAIL)],
        "certain": int(Strength.CERTAIN), "likely": int(Strength.LIKELY), "most": SHARED_BY, "at": at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(_SCAN, params)
    return Duplicate.objects.open().count()
