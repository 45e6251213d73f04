"""A handful of customers that somebody entered a second time: found by the scan, waiting to be merged."""

from __future__ import annotations

from crm.search.normalise import sort_key
from customers.models import Customer
from evaluation.demo import storing, words
from evaluation.demo.customers import language_of
from evaluation.demo.world import World

SIMPLIFIED = "云华东龙达创汇长风兴联电网业务医药机设备软术资实国际广门连杭苏远飞马顺鑫"
TRADITIONAL = str.maketrans(SIMPLIFIED, "雲華東龍達創匯長風興聯電網業務醫藥機設備軟術資實國際廣門連杭蘇遠飛馬順鑫")
IN_ONE_HAND = 4  # pairs of one person, who can merge them
AMONG_TEAMS = 1  # and of two who do not see each other's


def enter_twice(world: World) -> None:
    """No customer more than before: some that are there anyway turn out to be others, spelled otherwise."""
    changed: list[Customer] = []
    for place in range(IN_ONE_HAND + AMONG_TEAMS):
        language = words.CHINESE if place % 2 else words.ENGLISH
        free = [each for each in world.customers if language_of(each) == language and each not in changed]
        first = free[place * 7 % len(free)]
        owner = world.owners[first.pk][-1][1]
        if place < IN_ONE_HAND:
            others = [each for each in free if each != first and world.owners[each.pk][-1][1] == owner]
        else:
            others = [each for each in free if world.owners[each.pk][-1][1].team_id != owner.team_id]
        if not others:
            continue
        second = others[len(others) // 2]
        second.name, second.city = _spelled_otherwise(first.name, language), first.city
        second.country, second.website = first.country, ""
        second.sort_name = sort_key(second.name)[:200]
        if place % 4 < 2:
            second.phone = first.phone  # certain; the others have the name in common and are likely
        changed += [first, second]
    storing.change(Customer, changed, ["name", "sort_name", "city", "country", "website", "phone"])


def _spelled_otherwise(name: str, language: str) -> str:
    if language == words.CHINESE:
        return f"{name.removesuffix('有限公司').translate(TRADITIONAL)}股份有限公司"
    return f"{name.upper()}, Ltd."
