"""What is compared to tell whether two records are the same, said once: as one types, in the scan, for leads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from crm.search.normalise import HAN, fold, words
from customers.models.contact import Contact
from customers.models.contact_point import values_of
from customers.models.customer import Customer
from customers.models.words import website_domain

# Where anybody gets an address: the same domain there says nothing.
EVERYBODYS_DOMAINS = {
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com",
    "icloud.com", "me.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "qq.com", "163.com", "126.com",
    "yeah.net", "139.com", "189.cn", "sina.com", "sina.cn", "sohu.com", "aliyun.com", "foxmail.com", "aol.com",
    "proton.me", "protonmail.com", "mail.ru", "yandex.ru", "zoho.com", "orange.fr", "wanadoo.fr", "libero.it",
}  # fmt: skip
LEGAL_FORMS = {
    "ltd", "limited", "inc", "incorporated", "llc", "llp", "lp", "gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "ev",
    "se", "co", "company", "corp", "corporation", "plc", "pte", "pty", "sdn", "bhd", "sa", "sas", "sarl", "sl", "bv",
    "nv", "srl", "spa", "ab", "as", "aps", "oy", "oyj", "kk", "doo", "kft", "zoo", "sp", "ooo", "jsc", "group",
    "holding", "holdings", "and", "the",
}  # fmt: skip
# The longest first: each is cut off, and then what stands before it is looked at again.
LEGAL_FORMS_UNSPACED = (
    "有限责任公司", "股份有限公司", "个人独资企业", "股份公司", "有限公司", "有限合伙", "普通合伙", "合伙企业",
    "株式会社", "集团", "公司",
)  # fmt: skip
SHORTEST = 2  # characters of a name that is left
VALUE = 200
_LETTERS_OR_DIGITS = re.compile(r"[\W_]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Sign(models.IntegerChoices):
    """What two records may have in common, the strongest first."""

    NUMBER = 1, _("same registration number")
    EMAIL = 2, _("same mail")
    PHONE = 3, _("same phone")
    DOMAIN = 4, _("same domain")
    NAME = 5, _("same name")


class Strength(models.IntegerChoices):
    LIKELY = 1, _("likely")
    CERTAIN = 2, _("certain")

    @classmethod
    def of(cls, signs: Iterable[int]) -> Strength:
        """One strong sign is enough; of the others it takes two."""
        found = set(signs)
        return cls.CERTAIN if found & {Sign.NUMBER, Sign.EMAIL} or len(found) > 1 else cls.LIKELY


def reasons(signs: Iterable[int]) -> list[Any]:
    """In words; whoever has the same mail has its domain too."""
    found = set(signs)
    if Sign.EMAIL in found:
        found.discard(Sign.DOMAIN)
    return [Sign(sign).label for sign in sorted(found)]


Key = tuple[int, str]


class MatchKey(models.Model):
    """One value by which a record is found to be the same as another. Kept with the record's search document."""

    # No foreign keys: rows are written by hundreds, and what is left of a purged record matches nothing.
    kind = models.CharField(max_length=8)
    object_id = models.BigIntegerField()
    sign = models.PositiveSmallIntegerField(choices=Sign.choices)
    value = models.CharField(max_length=VALUE)

    class Meta:
        constraints = [
            # In this order it also finds everybody of a value, and everybody of each value for the scan.
            models.UniqueConstraint(fields=["sign", "value", "kind", "object_id"], name="match_key_once"),
        ]
        indexes = [models.Index(fields=["kind", "object_id"], name="match_key_record")]

    def __str__(self) -> str:
        return f"{self.sign}:{self.value}"


def of_customer(customer: Customer) -> set[Key]:
    """Each email and each phone counts, the further ones too."""
    found = _of(values_of(customer, "email"), values_of(customer, "phone"), (website_domain(customer),))
    return found | of_values(name=customer.name, number=customer.number)


def of_contact(contact: Contact) -> set[Key]:
    """People are not told apart by their names, nor by the domain of where they work."""
    found = _of(values_of(contact, "email"), values_of(contact, "phone"))
    return {key for key in found if key[0] != Sign.DOMAIN}


def of_values(
    *, name: str = "", number: str = "", email: str = "", phone: str = "", domains: Iterable[str] = ()
) -> set[Key]:
    """The keys of what was typed or stored; values are in the form in which `tidy` keeps them."""
    keys = _of((email,), (phone,), domains)
    if name and (bare := bare_name(name)):
        keys.add(_key(Sign.NAME, bare))
    if number and (bare := bare_number(number)):
        keys.add(_key(Sign.NUMBER, bare))
    return keys


def _of(emails: Iterable[str], phones: Iterable[str], domains: Iterable[str] = ()) -> set[Key]:
    keys = {_key(Sign.DOMAIN, domain) for domain in domains if domain and domain not in EVERYBODYS_DOMAINS}
    for email in filter(None, emails):
        keys.add(_key(Sign.EMAIL, email))
        if domain := own_domain(email):
            keys.add(_key(Sign.DOMAIN, domain))
    keys.update(_key(Sign.PHONE, phone) for phone in phones if phone and _E164.fullmatch(phone))
    return keys


def _key(sign: Sign, value: str) -> Key:
    return sign.value, value[:VALUE].replace("\x00", "")


@lru_cache(maxsize=2048)  # an import asks twice: as it looks at a thousand rows, and as it writes them
def bare_name(name: str) -> str:
    """A name without its legal form, case, accents and width: "ＡＣＭＥ Co., Ltd" and "Acme" are the same.

    Chinese ones in simplified characters and without spaces or brackets: 華為（集團）有限公司 is 华为.
    """
    parts = _joined(words(name))
    if HAN.search("".join(parts)):
        return _without_endings("".join(parts))
    while len(parts) > 1 and parts[-1] in LEGAL_FORMS:
        parts.pop()
    if len(parts) > 1 and parts[0] == "the":
        parts = parts[1:]
    return " ".join(parts)


def bare_number(number: str) -> str:
    """A registration number without spaces, dots and dashes; too short a one names nobody."""
    bare = _LETTERS_OR_DIGITS.sub("", fold(number))
    return bare if len(bare) > SHORTEST else ""


def own_domain(email: str) -> str:
    """The domain of a mail address, unless everybody's."""
    domain = email.rpartition("@")[2]
    return "" if domain in EVERYBODYS_DOMAINS else domain


def _joined(parts: list[str]) -> list[str]:
    """Single letters in a row are one abbreviation: S.A. and S. A. are "sa"."""
    found: list[str] = []
    is_open = False
    for part in parts:
        is_letter = len(part) == 1 and part.isascii() and part.isalpha()
        if is_letter and is_open:
            found[-1] += part
        else:
            found.append(part)
        is_open = is_letter
    return found


def _without_endings(name: str) -> str:
    bare, before = name, ""
    while bare != before:
        before = bare
        ending = next((form for form in LEGAL_FORMS_UNSPACED if bare.endswith(form)), "")
        if ending and len(bare) - len(ending) >= SHORTEST and not bare.endswith("分公司"):
            bare = bare.removesuffix(ending)
    return bare


OF: dict[str, Callable[[Any], set[Key]]] = {Customer.kind: of_customer, Contact.kind: of_contact}


def keep(kind: str, found: Iterable[Any], *, are_new: bool) -> Callable[[], None]:
    """What brings the keys of these records up to date, in one statement."""
    given = {record.pk: OF[kind](record) for record in found}
    return partial(_add if are_new else _put, kind, given)


def _put(kind: str, given: dict[int, set[Key]]) -> None:
    """What is right already is not written."""
    rows = [{"id": pk, "sign": sign, "value": value} for pk, keys in given.items() for sign, value in keys]
    table = MatchKey._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH given AS MATERIALIZED (
                    SELECT id, sign, value FROM json_to_recordset(%s::json) AS row(id bigint, sign smallint, value text)
                ), gone AS (
                    DELETE FROM {table} WHERE kind = %s AND object_id = ANY(%s)
                    AND (object_id, sign, value) NOT IN (SELECT id, sign, value FROM given)
                )
                INSERT INTO {table} (kind, object_id, sign, value)
                SELECT %s, id, sign, value FROM given ORDER BY id, sign, value ON CONFLICT DO NOTHING""",
            [json.dumps(rows, ensure_ascii=False), kind, list(given), kind],
        )


def _add(kind: str, given: dict[int, set[Key]]) -> None:
    """In the order of the index, which takes half the time of an import's statement above."""
    rows = sorted((sign, value, pk) for pk, keys in given.items() for sign, value in keys)
    statement = f"COPY {MatchKey._meta.db_table} (kind, sign, value, object_id) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((kind, *row))


def forget(kind: str, ids: Iterable[int]) -> None:
    MatchKey.objects.filter(kind=kind, object_id__in=list(ids)).delete()
