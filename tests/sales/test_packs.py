"""Packs by trade: what is not there is added once, what is there stays, and a wrong file is told by its line."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from crm.models import CustomField, Event, MailTemplate
from customers.models import CadenceRule, ChurnReason, SourceChannel
from customers.sales.actions import pack_files, packs
from customers.sales.models import ExitCriterion, LostReason, Pipeline, Product, QuoteRules, Stage

pytestmark = pytest.mark.django_db
HEAD = """format = 1
name = "Bakeries"
name_zh = "烘焙店"
about = "Bread"
about_zh = "面包"
"""
STAGES = """
[pipeline]
name = "Bread"
name_zh = "面包"
[[pipeline.stages]]
name = "Asked"
name_zh = "询问"
probability = 0.5
[[pipeline.stages]]
name = "Baked"
name_zh = "已烤"
outcome = "won"
[[pipeline.stages]]
name = "Burnt"
name_zh = "已焦"
outcome = "lost"
"""
ADDED = (
    Pipeline,
    Stage,
    ExitCriterion,
    LostReason,
    ChurnReason,
    SourceChannel,
    CustomField,
    MailTemplate,
    CadenceRule,
    Product,
)


@pytest.fixture
def administrator(cast):
    return cast.administrator


def counts():
    return [model.objects.count() for model in ADDED]


def problems(text):
    with pytest.raises(pack_files.Wrong) as wrong:
        pack_files.parse(HEAD + text, "bakery")
    return wrong.value.problems


@pytest.mark.parametrize("name", ["agency", "manufacturing", "software"])
def test_a_shipped_pack_is_added_whole_and_only_once_whatever_the_language(administrator, now, name):
    before, pack = counts(), pack_files.find(name)
    added = packs.apply(pack, by=administrator, at=now, language="en")
    assert not any(item.is_there for item in added)
    after = counts()
    assert all(later > sooner for later, sooner in zip(after, before, strict=True))
    assert QuoteRules.in_force().terms == pack.said["quotes"]["terms"]
    for language in packs.LANGUAGES:
        assert all(item.is_there for item in packs.apply(pack, by=administrator, at=now, language=language))
    assert counts() == after
    assert Event.objects.filter(type="settings.created", by=administrator, data__pack=name).count() == len(added)


def test_names_are_in_the_language_that_was_asked_for(administrator, now):
    packs.apply(pack_files.find("software"), by=administrator, at=now, language="zh-hans")
    stages = Stage.objects.filter(pipeline__name="订阅销售").order_by("position").values_list("name", "probability")
    assert [(name, str(chance)) for name, chance in stages] == [
        ("需求了解", "0.100"), ("产品演示", "0.250"), ("试用", "0.450"), ("合同", "0.750"),
        ("赢单", "1.000"), ("丢单", "0.000"),
    ]  # fmt: skip
    packs.apply(pack_files.find("agency"), by=administrator, at=now, language="both")
    assert Pipeline.objects.filter(name="Projects 项目销售").exists()
    assert set(MailTemplate.objects.values_list("language", flat=True)) == {"en", "zh-hans"}


def test_what_an_administrator_changed_stays_and_what_was_taken_away_comes_again(administrator, now):
    pack = pack_files.find("software")
    packs.apply(pack, by=administrator, at=now, language="en")
    Pipeline.objects.filter(name="Subscriptions").update(name="Our plans")
    LostReason.objects.filter(name="Builds it in-house").update(name="Does it without us", is_active=False)
    CustomField.objects.filter(code="seats").update(label="Licences")
    ChurnReason.objects.filter(name="Hardly used").delete()
    QuoteRules.objects.update(terms="Ours")
    again = packs.apply(pack, by=administrator, at=now, language="en")
    assert [item.title for item in again if not item.is_there] == ["Hardly used"]
    assert not Pipeline.objects.filter(name="Subscriptions").exists()
    assert not LostReason.objects.get(name="Does it without us").is_active
    assert CustomField.objects.get(code="seats").label == "Licences"
    assert QuoteRules.in_force().terms == "Ours"


def test_what_somebody_else_called_the_same_is_there_already(administrator, now):
    LostReason.objects.create(name="could not be integrated")
    items = packs.outlook(pack_files.find("software"), language="both")
    assert [item.key for item in items if item.is_there] == ["lost_reasons.Could not be integrated"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 3\n", "bakery, line 6: colour: is not known; known are format, name"),
        ("[[lost_reasons]]\nname = 'Price'\n", "bakery, line 6: lost_reasons[0].name_zh: is missing"),
        (
            "[[lost_reasons]]\nname = 'A'\nname_zh = 'A'\n\n[[lost_reasons]]\nname = 7\nname_zh = ''\n",
            "bakery, line 11: lost_reasons[1].name: is to be a text",
        ),
        (STAGES.replace("0.5", "1.5"), "bakery, line 13: pipeline.stages[0].probability: is to be between 0 and 1"),
        (
            STAGES.replace('outcome = "lost"', "probability = 0.1"),
            "bakery, line 7: pipeline.stages: are to be one that",
        ),
        (
            STAGES.replace('"won"', '"sold"'),
            "bakery, line 17: pipeline.stages[1].outcome: is to be one of lost, open, won",
        ),
        (
            STAGES
            + "[[custom_fields]]\nkind = 'cake'\ncode = 'size'\ntype = 'choice'\nlabel = 'Size'\nlabel_zh = '大小'\n",
            "bakery, line 23: custom_fields[0].kind: is to be one of contact",
        ),
        ("[[lost_reasons]\n", "bakery: Expected ']]' at the end of an array declaration (at line 6, column 15)"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_and_the_name_of_what_is_wrong(text, said):
    assert problems(text)[0].startswith(said)


def test_a_line_is_found_behind_texts_of_several_lines():
    letter = "[[mail_templates]]\nname = 'A'\nname_zh = 'A'\nsubject = 'S'\nsubject_zh = 'S'\n"
    letter += "body = '''\n[x]\na = 1\n'''\nbody_zh = 3\n"
    assert problems(letter) == ["bakery, line 15: mail_templates[0].body_zh: is to be a text"]


def test_the_command_adds_what_it_showed_before(administrator, capsys, tmp_path):
    before = counts()
    call_command("pack", "agency", "--dry-run")
    shown = capsys.readouterr().out
    assert counts() == before
    call_command("pack", "agency", "--as", administrator.email)
    assert capsys.readouterr().out.splitlines()[:-1] == shown.splitlines()[:-1]
    own = tmp_path / "bakery.toml"
    own.write_text(HEAD + STAGES, encoding="utf-8")
    call_command("pack", str(own))
    assert Pipeline.objects.filter(name="Bread").exists()


def test_the_command_says_which_packs_there_are_and_who_may_add_them(cast, capsys):
    call_command("pack")
    assert "Professional services and agencies / 专业服务与代理机构" in capsys.readouterr().out
    with pytest.raises(CommandError, match="there are: agency, manufacturing, software"):
        call_command("pack", "../agency")
    with pytest.raises(CommandError, match="Nobody who administers"):
        call_command("pack", "agency", "--as", cast.manager.email)


def test_an_administrator_sees_what_would_be_added_and_adds_it(administrator, client):
    client.force_login(administrator)
    asked = {"pack": "manufacturing", "language": "en"}
    assert "Enquiry → Sample" in client.get("/sales/packs/", asked).content.decode()
    assert not Pipeline.objects.filter(name="Goods").exists()
    added = client.post("/sales/packs/", asked, follow=True).content.decode()
    assert Pipeline.objects.filter(name="Goods").exists()
    assert "All of it is there already." in added
    assert client.post("/sales/packs/", {"pack": "bakery"}).status_code == 422


def test_others_cannot_add_packs(cast, client):
    client.force_login(cast.manager)
    assert client.post("/sales/packs/", {"pack": "agency", "language": "en"}).status_code == 403
    assert not Pipeline.objects.filter(name="Projects").exists()
