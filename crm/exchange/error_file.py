"""The rows that did not make it, as a file to correct and import again: their number, their cells, and the reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.utils.translation import gettext as _

from crm.exchange.exporting import neutral
from crm.models.import_batch import ImportBatch, ImportRow


class _Echo:
    """A file for csv.writer that hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def lines(batch: ImportBatch) -> Iterator[str]:
    """CSV, streamed; nothing in it is run by a spreadsheet."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([_("row"), *map(neutral, batch.heads), _("outcome"), _("reason")])
    rows = ImportRow.objects.filter(batch=batch, outcome__in=[ImportRow.Outcome.ERROR, ImportRow.Outcome.SKIPPED])
    for row in rows.order_by("number").iterator(2000):
        # A ragged row is written as it came: the reason says what is wrong with it.
        cells = row.cells + [""] * (len(batch.heads) - len(row.cells))
        yield writer.writerow([row.number, *map(neutral, cells), row.get_outcome_display(), neutral(row.reason)])
