"""What can be enclosed with a letter: files of the records it is about, and papers that apps make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from crm.models import Attachment

MOST = 100  # files offered


@dataclass(frozen=True)
class Enclosure:
    """Something to choose; its content is made, or read, when it is needed."""

    code: str
    name: str
    open: Callable[[], File[Any]]
    is_usual: bool = False  # chosen unless somebody takes it away


Offer = Callable[[Any, Any], Iterable[Enclosure]]  # (user, record)
_offers: dict[str, Offer] = {}


def offer_with(kind: str, offer: Offer) -> None:
    """Apps say in `AppConfig.ready` what they make of a record of this kind, for whoever may see it."""
    _offers[kind] = offer


def offered(user: Any, *records: Any) -> list[Enclosure]:
    """What the person may enclose with a letter about these records."""
    found: list[Enclosure] = []
    for record in filter(None, records):
        if record.kind in _offers:
            found += _offers[record.kind](user, record)
        found += map(of_file, Attachment.objects.visible_to(user).about(record)[:MOST])
    return list({each.code: each for each in found}.values())


def of_file(attachment: Attachment) -> Enclosure:
    """A copy of it: what was sent stays as it was sent."""

    def read() -> File[Any]:
        try:
            with default_storage.open(attachment.file) as content:
                return ContentFile(content.read(), attachment.name)
        except FileNotFoundError:
            said = _("%(name)s is no longer where it was kept.") % {"name": attachment.name}
            raise ValidationError({"enclosures": said}) from None

    return Enclosure(f"file:{attachment.pk}", attachment.name, read)
