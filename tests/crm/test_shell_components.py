"""The component contract, and what holds for every template."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template
from django.utils import translation
from django_filters import ModelChoiceFilter
from django_filters.fields import DateRangeField, RangeField
from django_filters.widgets import DateRangeWidget

from crm.models import Team
from tests.architecture.sources import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NAMED_ICON = re.compile(r"""(?:\{%\s*icon\s+|\bicon=)["']([a-z0-9-]+)["']""")
ICONS = ROOT / "frontend/node_modules/@tabler/icons/icons"


class PlainForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As it is spoken.")


def rendered(source: str, **values) -> str:
    return Template(source).render(Context(values)).strip()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_every_template_compiles(path: Path):
    get_template(str(path.relative_to(ROOT / "templates")))


def test_every_named_icon_exists():
    if not ICONS.is_dir():
        pytest.fail("The front end is not built: npm ci && npm run build in frontend/")
    found = []
    for folder in ["templates", "crm", "customers", "service", "surveys", "evaluation"]:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in {".html", ".py"}:
                continue
            for name in NAMED_ICON.findall(path.read_text()):
                file = f"filled/{name[:-7]}" if name.endswith("-filled") else f"outline/{name}"
                if not (ICONS / f"{file}.svg").is_file():
                    found.append(f"{path.relative_to(ROOT)}: {name}")
    assert found == []


def test_a_label_and_an_attribute_are_escaped():
    html = rendered(
        "{% button label hx_post=url data_x=True only_icon=True icon='x' %}", label='"><script>', url="/a?b&c"
    )
    assert "<script>" not in html
    assert 'hx-post="/a?b&amp;c" data-x' in html
    assert 'aria-label="&quot;&gt;&lt;script&gt;"' in html


def test_a_button_that_opens_the_dialog_is_still_a_link():
    html = rendered("{% button 'Edit' href='/x/' dialog=True %}")
    assert html == '<a href="/x/" class="btn" hx-get="/x/" hx-target="#dialog">Edit</a>'


def test_a_field_ties_label_help_and_error_together():
    html = rendered("{% field form.name %}", form=PlainForm({"name": ""}))
    assert '<label class="form-label required" for="id_name">Name</label>' in html
    assert 'aria-describedby="id_name_help id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_help">As it is spoken.' in html
    assert 'id="id_name_error"' in html


def test_a_field_without_help_or_error_describes_nothing():
    class Bare(forms.Form):
        name = forms.CharField()

    assert "aria-describedby" not in rendered("{% field form.name %}", form=Bare())


def test_both_boxes_of_a_range_are_named_in_the_readers_language():
    ranges = {"age": RangeField(label="age"), "day": DateRangeField(label="day", widget=DateRangeWidget())}
    form = type("Ranges", (forms.Form,), ranges)()
    html = rendered("{% field form.age %}{% field form.day %}", form=form)
    assert re.findall(r'aria-label="([^"]*)"', html) == [
        "Age: at least",
        "Age: at most",
        "Day: first day",
        "Day: last day",
    ]
    assert html.count('type="date"') == 2
    with translation.override("zh-hans"):
        assert 'aria-label="Age：不小于"' in rendered("{% field form.age %}", form=form)


def test_form_errors_link_to_their_fields():
    html = rendered("{% form_errors form %}", form=PlainForm({"name": ""}))
    assert '<a href="#id_name">Name</a>: This field is required.' in html
    assert rendered("{% form_errors form %}", form=PlainForm()) == ""
    both = rendered("{% form_errors form %}{% field form.name %}", form=PlainForm({"name": ""}))
    assert both.count("text-break") == 2  # an address in an error wraps on a phone


def test_an_unknown_tone_is_an_error_and_not_a_grey_badge():
    with pytest.raises(TemplateSyntaxError, match="no tone 'red'"):
        rendered("{% badge 'x' 'red' %}")


def test_a_value_that_is_missing_is_said_aloud():
    assert '<span class="visually-hidden">no value</span>' in rendered("{% money None 'EUR' %}")


def test_each_rendered_form_has_its_own_token():
    assert rendered("{% submit_once %}") != rendered("{% submit_once %}")


def test_captured_content_is_escaped_once():
    html = rendered("{% capture name %}{{ text }}{% endcapture %}<b>{{ name }}</b>", text="R&D <b>")
    assert html == "<b>R&amp;D &lt;b&gt;</b>"


def test_components_are_built_in():
    assert "crm.templatetags.components" in settings.TEMPLATES[0]["OPTIONS"]["builtins"]


def test_the_name_of_a_filter_begins_like_any_label_and_asks_for_nothing_by_itself():
    class Asked(forms.Form):
        won_back = forms.NullBooleanField(label="won back", required=False)

    html = rendered("{% field form.won_back %}", form=Asked())
    assert ">Won back</label>" in html
    assert '<option value=""' in html  # what asks for nothing is no filter either
    assert 'nknown"' not in html


def test_an_empty_choice_is_said_in_words_that_fit_what_is_asked():
    class Asked(forms.Form):
        tier = forms.ModelChoiceField(Team.objects.none(), required=False)
        purpose = forms.ModelChoiceField(Team.objects.none())
        label = forms.ChoiceField(choices=[("", "none")], required=False)
        won_back = forms.NullBooleanField(required=False)

    def empty(name: str) -> str:
        return re.findall(r'<option value=""[^>]*>(.*?)<', rendered(f"{{% field form.{name} %}}", form=Asked()))[0]

    names = ["tier", "purpose", "label", "won_back"]
    assert [empty(name) for name in names] == ["not set", "please choose", "none", "any"]
    with translation.override("zh-hans"):
        assert [empty(name) for name in names] == ["未设置", "请选择", "none", "不限"]
        asked = ModelChoiceFilter(queryset=Team.objects.none()).field  # nothing chosen in a filter is not "not set"
        assert [str(label) for _value, label in asked.choices] == ["不限"]


def test_several_values_are_ticked_and_searched_where_they_are_many():
    class Asked(forms.Form):
        few = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")])
        many = forms.MultipleChoiceField(choices=[(str(n), f"Choice {n}") for n in range(9)], initial=["4"])

    few, many = (rendered(f"{{% field form.{name} %}}", form=Asked()) for name in ("few", "many"))
    assert (few.count('type="checkbox"'), "<select" in few, "data-choices-search" in few) == (2, False, False)
    assert (many.count('type="checkbox"'), many.count(" checked"), many.count("data-choices-search")) == (9, 1, 1)
    assert 'aria-label="Search in Many"' in many


def test_what_is_counted_in_a_sentence_is_grouped_and_a_year_beside_it_is_not():
    template = (
        "{% blocktranslate count n=found with year=year %}{{ n }} record of {{ year }}"
        "{% plural %}{{ n }} records of {{ year }}{% endblocktranslate %}"
    )
    assert rendered(template, found=1, year=2026) == "1 record of 2026"
    assert rendered(template, found=1260, year=2026) == "1,260 records of 2026"


def test_marks_between_words_are_those_of_the_language():
    template = "A{% colon %}b{% comma %}c {{ things|listed }}{% full_stop %} Why?{% colon 'Why?' %}d"
    assert rendered(template, things=[1, 2]) == "A: b, c 1, 2. Why? d"
    with translation.override("zh-hans"):
        assert rendered(template, things=[1, 2]) == "A：b，c 1、2。 Why? d"
        assert rendered("{{ l }}{% colon l %}必填项。", l="我已阅读评分卡和评语。") == "我已阅读评分卡和评语。必填项。"
