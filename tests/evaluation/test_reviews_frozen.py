"""What was frozen and signed cannot be changed, and any change is found."""

import base64
import json
import re
import zlib
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from customers.sales.actions import opportunities
from customers.sales.models import Opportunity
from evaluation.actions import goals
from evaluation.actions.freezing import chained, digest_of
from evaluation.actions.verifying import Fault, verify
from evaluation.engine import scopes
from evaluation.models import FrozenLine, FrozenRecord, Review, Signature, SignedReport
from evaluation.views import scorecards
from evaluation.views.review_exports import as_csv, as_xlsx
from evaluation.views.review_pdf import as_pdf
from tests.factories.evaluation import a_response, moment
from tests.factories.reviews import a_frozen_review, at_the_meeting, current_lines, signed_by_both

pytestmark = pytest.mark.django_db


def tampered(table: str, column: str, value: str, pk: int) -> None:
    """As somebody with the database's own rights would."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, pk])
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_line_says_what_was_measured_and_how_it_was_defined(cast):
    line, csat = current_lines(a_frozen_review(cast))
    said = line.said
    assert (said["value"], said["numerator"], said["denominator"], said["n"]) == (2 / 3, 2, 3, 3)
    assert said["flags"] == ["small_n"]
    assert said["interval"]["method"] == "wilson"
    assert said["kpi"]["words"]["en"]["name"] == "Win rate"
    assert set(said["kpi"]["words"]) == {"en", "zh-hans"}
    assert said["scope"] == {"kind": "person", "key": cast.rep.pk, "name": "Rosa Rep"}
    assert said["period"]["label"] == "2026-Q1"
    assert (said["goal"], said["judgement"]["attainment"]) == (None, None)
    assert [past["period"] for past in said["course"]][-1] == "2026-Q1"
    assert len(said["course"]) == 13
    assert (csat.said["value"], csat.said["flags"], csat.said["evidence"]) == (
        None, ["no_denominator"], {"count": 0, "digest": ""},
    )  # fmt: skip


def test_goals_of_months_roll_up_to_the_quarter_that_is_reviewed(cast):
    said = moment("2025-12-20")
    terms = {"scope": scopes.of_person(cast.rep), "period_kind": "month", "starts_on": date(2026, 1, 1),
             "by": cast.manager, "at": said, "target_kind": "at_least"}  # fmt: skip
    goals.set_goal(kpi_code="win_rate", target=0.5, **terms)
    revenue = goals.set_goal(kpi_code="revenue", target=100, **terms)
    goals.revise(revenue, {"target": 300, "starts_on": date(2026, 3, 1)}, reason="More", by=cast.manager, at=said)
    late = {**terms, "starts_on": date(2026, 2, 1)}
    goals.set_goal(kpi_code="follow_ups", target=40, **late)
    review = a_frozen_review(cast, kpi_codes=["win_rate", "revenue", "follow_ups", "csat"])
    agreed = {line.kpi_code: line.said["goal"] for line in review.lines.all()}
    assert agreed["win_rate"]["levels"]["at_least"] == 0.5  # a share stays what it is
    assert agreed["revenue"]["levels"]["at_least"] == 500  # two months of 100 and one of 300
    assert agreed["revenue"]["period_kind"] == "month"
    assert agreed["follow_ups"] is None  # nothing was agreed for January
    lines = {line.kpi.code: line.goal for line in scorecards.scorecard(review)}
    assert lines["revenue"] == "at least $500.00, rolled up"


def test_every_record_is_kept_with_the_values_that_were_used(cast):
    line = a_frozen_review(cast).lines.get(kpi_code="win_rate")
    rows = [record.said for record in line.records.order_by("sequence")]
    assert [(row["label"], row["numerator"], row["counted"]) for row in rows] == [
        ("Lost in March", 0, True), ("Won in February", 1, True), ("Won in January", 1, True),
    ]  # fmt: skip
    assert rows[0]["fields"] == {"outcome": "lost", "amount": 1000, "currency": "USD"}
    assert (rows[0]["credited"]["person"], rows[0]["credited"]["team"]) == (cast.rep.pk, cast.north.pk)


def test_answers_of_a_group_too_small_to_hide_in_are_not_kept(cast):
    a_response("2026-02-01", 1, owner=cast.rep)
    csat = a_frozen_review(cast).lines.get(kpi_code="csat")
    assert (csat.said["value"], "hidden_small_group" in csat.said["flags"]) == (None, True)
    assert csat.records.count() == 0


def test_each_digest_is_of_the_one_before_and_the_content(cast):
    first, second = a_frozen_review(cast).lines.order_by("sequence")
    assert first.digest == chained("", first.content)
    assert second.digest == chained(first.digest, second.content)
    last = first.records.order_by("sequence").last()
    assert first.said["evidence"] == {"count": 3, "digest": last.digest}
    assert json.dumps(first.said, sort_keys=True, ensure_ascii=False, separators=(",", ":")) == first.content


@pytest.mark.parametrize("model", [FrozenLine, FrozenRecord, SignedReport, Signature])
def test_the_database_refuses_to_change_or_remove_what_was_frozen(cast, model):
    signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast)
    row = model._base_manager.first()
    rows = model._base_manager.filter(pk=row.pk)
    before = rows.values().get()
    for refused in (lambda: rows.update(digest="0" * 64), lambda: rows._raw_delete(rows.db)):
        with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
            refused()
    assert rows.values().get() == before


def test_an_untouched_review_is_intact(cast):
    found = verify(signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast))
    assert (found.is_intact, found.lines, found.records) == (True, 2, 3)


def test_a_changed_line_is_named(cast):
    review = a_frozen_review(cast)
    line = review.lines.get(kpi_code="win_rate")
    tampered("evaluation_frozenline", "content", line.content.replace('"n":3', '"n":4'), line.pk)
    assert verify(review).faults == (Fault("line", "win_rate", 1),)


def test_a_changed_record_is_named_by_its_place(cast):
    review = a_frozen_review(cast)
    record = FrozenRecord.objects.get(sequence=2)
    tampered("evaluation_frozenrecord", "content", record.content.replace("February", "March"), record.pk)
    assert verify(review).faults == (Fault("records", "win_rate", 1, 2),)


def test_a_changed_report_is_found(cast):
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast)
    report = review.report
    tampered("evaluation_signedreport", "content", report.content.replace("Well done", "Badly done"), report.pk)
    assert verify(type(review).objects.get(pk=review.pk)).faults == (Fault("report"),)


def test_the_files_are_the_same_byte_for_byte_after_the_records_changed(cast, now):
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast)
    before = (as_csv(review), as_xlsx(review), review.report.content)
    opportunities.delete(Opportunity.objects.get(name="Lost in March"), by=cast.manager, at=now)
    opportunities.update(Opportunity.objects.get(name="Won in January"), {"name": "=1+1"}, by=cast.manager, at=now)
    review = type(review).objects.get(pk=review.pk)
    assert (as_csv(review), as_xlsx(review), review.report.content) == before
    assert digest_of(review.report.content) == review.report.digest


def text_of(pdf: bytes) -> bytes:
    """What stands on the pages: streams unpacked, escapes of its strings undone."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    pages = b"".join(zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True)) for stream in streams)
    return re.sub(rb"\\([0-7]{3}|.)", lambda found: _unescaped(found[1]), pages)


def _unescaped(escape: bytes) -> bytes:
    return bytes([int(escape, 8)]) if escape.isdigit() else escape


@pytest.mark.parametrize(("language", "word"), [("en", "Signatures"), ("zh-hans", "签")])
def test_the_pdf_is_the_same_byte_for_byte_and_reads_in_both_languages(cast, language, word):
    cast.rep.name = "王小明"
    cast.rep.save()
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast, objection="样本太小 <n=3>")
    with translation.override(language):
        first = as_pdf(review)
    for opportunity in Opportunity.objects.all():
        opportunity.name = "Renamed"
        opportunity.save()
    cast.rep.name = "Somebody else"
    cast.rep.save()
    with translation.override(language):
        again = as_pdf(Review.objects.get(pk=review.pk))
    assert first == again
    assert first.startswith(b"%PDF-")
    found = text_of(first)
    for said in ("王小明", "样本太小"):
        assert said.encode("utf-16-be") in found
    assert (word.encode() if word.isascii() else word.encode("utf-16-be")) in found


def test_the_csv_holds_the_lines_and_their_records(cast):
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast)
    lines = as_csv(review).decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 2 + 3
    assert lines[1].startswith("line,win_rate,1,Win rate,0.666")
    assert lines[2].split(",")[14:17] == [
        "opportunity",
        str(Opportunity.objects.get(name="Lost in March").pk),
        "Lost in March",
    ]
