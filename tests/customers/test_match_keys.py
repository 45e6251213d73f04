"""What is compared: pure functions, no database."""

import pytest

from customers.models.match_key import Sign, Strength, bare_name, bare_number, of_values


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("ＡＣＭＥ Co., Ltd", "acme"),
        ("Acme GmbH & Co. KG", "acme"),
        ("The Acme Company", "acme"),
        ("Société Générale S. A.", "societe generale"),
        ("Fabryka Sp. z o.o.", "fabryka"),
        ("華為（集團）有限公司", "华为"),
        ("华为技术有限责任公司", "华为技术"),
        ("阿里巴巴（中国）有限公司", "阿里巴巴中国"),
        ("ACME 中国 有限公司", "acme中国"),
        ("大公司", "大公司"),  # nothing would be left
        ("某某科技有限公司上海分公司", "某某科技有限公司上海分公司"),  # a branch is not the company
        ("S.A.", "sa"),
    ],
)
def test_a_name_is_compared_without_legal_form_case_width_accents_and_traditional_characters(name, bare):
    assert bare_name(name) == bare


def test_a_mail_of_a_public_provider_says_nothing_of_where_somebody_works():
    own = of_values(email="li@acme.example", phone="+861012345678", domains=("acme.example",))
    assert own == {(Sign.EMAIL, "li@acme.example"), (Sign.DOMAIN, "acme.example"), (Sign.PHONE, "+861012345678")}
    assert of_values(email="li@qq.com", phone="123", domains=("163.com", "")) == {(Sign.EMAIL, "li@qq.com")}
    assert bare_number("HRB 12.345-B") == "hrb12345b"
    assert bare_number("1-") == ""


def test_a_number_or_a_mail_is_certain_and_of_the_rest_it_takes_two():
    assert [Strength.of(signs) for signs in ([1], [2], [3], [5], [3, 5])] == [2, 2, 1, 1, 2]
