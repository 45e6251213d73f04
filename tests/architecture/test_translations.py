"""Every string a person reads is in both languages, with the same places for values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.forms import BaseForm
from django.template import Context, Template
from django.urls import get_resolver
from django.utils import dates, translation
from django.utils.translation import gettext as translated

from crm import joining
from crm.management import catalogue
from tests.architecture.sources import APPS, ROOT

CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


def subclasses_of(parent: type) -> Iterator[type]:
    for child in parent.__subclasses__():
        yield child
        yield from subclasses_of(child)


def messages(path: Path) -> dict[str, polib.POEntry]:
    return {entry.msgid: entry for entry in polib.pofile(str(path)) if not entry.obsolete}


def test_no_message_is_untranslated_or_fuzzy():
    catalogue = messages(CATALOGUE)
    open_ones = [entry.msgid for entry in catalogue.values() if entry.fuzzy or not entry.translated()]
    assert len(catalogue) > 300
    assert not open_ones, f"{len(open_ones)} open: " + "\n".join(open_ones[:50])


def test_translations_keep_the_places_for_values():
    wrong = []
    for entry in messages(CATALOGUE).values():
        wanted = {place.group(0) for place in PLACES.finditer(entry.msgid + entry.msgid_plural)}
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            found = {place.group(0) for place in PLACES.finditer(text)}
            if text and not (found <= wanted and (wanted - found) <= {"%(count)d", "%(counter)s"}):
                wrong.append(entry.msgid)
    assert not wrong, "\n".join(wrong)


def test_the_catalogue_holds_every_message_of_the_sources_and_no_other():
    wanted = {(message.context, message.text) for message in catalogue.messages_of(ROOT)}
    stored = {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete}
    assert len(wanted) > 300
    assert sorted(wanted - stored) == [], "run: manage.py messages"
    assert sorted(stored - wanted) == [], "run: manage.py messages"


def test_no_two_messages_begin_alike():
    """A translation is found by its singular: of two with the same one, the last in the file would serve both."""
    found = Counter((message.context, message.text) for message in catalogue.messages_of(ROOT))
    assert [each for each, count in found.items() if count > 1] == []


def test_messages_are_found_in_python_and_templates():
    python = """
x = _("One"), gettext_lazy("Two " "parts"), ngettext("%(n)d day", "%(n)d days", n), pgettext("verb", "Open")
"""
    assert set(catalogue._in_python(python)) == {
        catalogue.Message("One"),
        catalogue.Message("Two parts"),
        catalogue.Message("%(n)d day", "%(n)d days"),
        catalogue.Message("Open", context="verb"),
    }
    renamed = 'from django.utils.translation import gettext as __\ny = __("Renamed")'
    assert set(catalogue._in_python(renamed)) == {catalogue.Message("Renamed")}
    template = (
        '{% translate "It\'s (late)" %}{% blocktranslate count n=rows|length %}One row{% plural %}{{ n }} rows'
        "{% endblocktranslate %}{% blocktranslate with name=x %}Hello {{ name }}{% endblocktranslate %}"
        '{% button _("Save") %}'
    )
    assert set(catalogue._in_template(template)) == {
        catalogue.Message("It's (late)"),
        catalogue.Message("One row", "%(n)s rows"),
        catalogue.Message("Hello %(name)s"),
        catalogue.Message("Save"),
    }


def test_every_field_of_a_form_is_named_in_both_languages():
    """One without a label is called by its code, in English, where the form says what is wrong with it."""
    assert get_resolver().url_patterns  # what the addresses lead to is imported now
    unnamed = {
        f"{form.__module__}.{form.__name__}.{name}"
        for form in subclasses_of(BaseForm)
        for name, field in getattr(form, "base_fields", {}).items()
        if form.__module__.split(".")[0] in APPS and field.label is None and not field.widget.is_hidden
    }
    assert unnamed == set()


def test_no_message_takes_a_months_name():
    """Ours would stand in dates: a column called "May" made the fifth month 权限, one called "may" its short name."""
    tables = (dates.MONTHS, dates.MONTHS_3, dates.WEEKDAYS_ABBR)
    with translation.override("en"):
        names = {str(name) for table in tables for name in table.values()}
    ours = {entry.msgid for entry in messages(CATALOGUE).values() if not entry.msgctxt}
    assert not names & ours


# A mark between Chinese words is a Chinese one, and the reader is addressed in one way.
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff”）][,;:?!]|[,;:?!] ?[\u4e00-\u9fff]|\([^()]*[\u4e00-\u9fff][^()]*\)|你")


def test_chinese_has_chinese_marks_and_one_way_to_say_you():
    texts = [text for entry in messages(CATALOGUE).values() for text in [entry.msgstr, *entry.msgstr_plural.values()]]
    assert [text for text in texts if HALF_WIDTH.search(text)] == []


# Of the places only those that hold a name: what a kind or a day puts in is Chinese itself.
AGAINST_A_NAME = re.compile(
    r"[\u4e00-\u9fff]%\((?:{0})\)s|%\((?:{0})\)s[\u4e00-\u9fff]".format("address|owner|source|team|who")
)


def test_chinese_keeps_a_space_beside_a_name():
    texts = [text for entry in messages(CATALOGUE).values() for text in [entry.msgstr, *entry.msgstr_plural.values()]]
    assert [text for text in texts if AGAINST_A_NAME.search(text)] == []


# The end of a sentence, a space, and more words beside it: after 。 there must be none.
ENDS = (
    r'(?:[.?!:]" %\}|[.?!:]\{% endblocktranslate %\}|\{% full_stop %\})'
    r"(?:\{% (?:else|end\w+|(?:el)?if [^%]*) %\}|</(?:span|a|strong|em)>)*"
)
BEGINS = (
    r"(?:\{% (?:if|for|with) [^%]*%\}\s*|<(?:span|a|strong|em)\b[^>{]*(?:\{[^}]*\}\}?[^>{]*)*>)*"
    r"(?:\{\{|\{% (?:translate|blocktranslate|moment|day|ago|money|number|percent)\b)"
)


def test_templates_leave_the_room_between_two_sentences_to_the_language():
    """{% gap %}: a full-width mark brings its own."""
    wrong = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if found := re.findall(rf".{{0,40}}{ENDS}\s+{BEGINS}.{{0,20}}", path.read_text()):
            wrong[str(path.relative_to(ROOT))] = found
    assert not wrong


@pytest.mark.parametrize(("language", "said"), [("en", "No. Yes."), ("zh-hans", "否。是。")])
def test_sentences_beside_each_other_have_the_room_of_their_language(language: str, said: str):
    with translation.override(language):
        text = Template("{% translate 'No' %}{% full_stop %}{% gap %}{% translate 'Yes' %}{% full_stop %}")
        assert text.render(Context()) == said
        halves = [f"{translated(word)}{joining.full_stop()}" for word in ("No", "Yes")]
        assert Template("{{ halves|sentences }}").render(Context({"halves": halves})) == said


def test_templates_leave_the_marks_between_two_values_to_the_language():
    """{% colon %}, {% comma %}, {% list_comma %} and {% full_stop %}; what is in one message brings its own."""
    in_a_message = re.compile(r"\{%-?\s*(blocktranslate|comment)\b.*?\{%\s*end\1\s*%\}|\{#.*?#\}", re.DOTALL)
    wrong = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        rest = in_a_message.sub("{{ message }}", path.read_text())
        if found := re.findall(r".{0,40}(?:\}\}|%\})(?:[,:] |\.(?=[ <{])).{0,20}", rest):
            wrong[str(path.relative_to(ROOT))] = found
    assert not wrong
