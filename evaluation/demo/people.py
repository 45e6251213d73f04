"""Fifteen people in a tree of teams, with passwords that are no secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password

from crm.models import Role, Team, User
from evaluation.demo.world import World
from service.models import Queue, SlaPolicy

PASSWORD = "yardstick-demo"
DOMAIN = "demo.example"

# key: (name, above)
TEAMS = {
    "company": ("Meridian 子午科技", None),
    "sales": ("Sales 销售部", "company"),
    "north": ("North 华北区", "sales"),
    "east": ("East 华东区", "sales"),
    "service": ("Service 客户服务部", "company"),
}
MANAGED_BY = {
    "company": "director", "sales": "director", "north": "manager_north", "east": "manager_east",
    "service": "manager_service",
}  # fmt: skip
CALLER = "rep_east_2"  # whose plan it is to call every day


@dataclass(frozen=True)
class Employee:
    key: str
    name: str
    login: str
    team: str
    roles: tuple[str, ...]
    language: str


PEOPLE = (
    Employee("administrator", "Alex Ferreira", "admin", "company", ("administrator",), "en"),
    Employee("director", "Helen Zhou", "helen", "company", ("sales_manager", "service_manager"), "en"),
    Employee("analyst", "沈静怡", "jingyi", "company", ("analyst",), "zh-hans"),
    Employee("manager_north", "王建国", "jianguo", "north", ("sales_manager",), "zh-hans"),
    Employee("rep_north_1", "李娜", "lina", "north", ("sales_rep",), "zh-hans"),
    Employee("rep_north_2", "Daniel Osei", "daniel", "north", ("sales_rep",), "en"),
    Employee("rep_north_3", "赵晓东", "xiaodong", "north", ("sales_rep",), "zh-hans"),
    Employee("manager_east", "Sofia Lindqvist", "sofia", "east", ("sales_manager",), "en"),
    Employee("rep_east_1", "Priya Raman", "priya", "east", ("sales_rep",), "en"),
    Employee("rep_east_2", "陈思远", "siyuan", "east", ("sales_rep",), "zh-hans"),
    Employee("rep_east_3", "Marco Bianchi", "marco", "east", ("sales_rep",), "en"),
    Employee("manager_service", "周海燕", "haiyan", "service", ("service_manager",), "zh-hans"),
    Employee("agent_1", "Emma Novak", "emma", "service", ("support_agent",), "en"),
    Employee("agent_2", "刘洋", "liuyang", "service", ("support_agent",), "zh-hans"),
    Employee("agent_3", "Tom Becker", "tom", "service", ("support_agent",), "en"),
)


def hire(world: World) -> None:
    """Teams first, then people, then who manages whom; the support queue becomes the service team's."""
    for key, (name, above) in TEAMS.items():
        world.teams[key] = Team.objects.create(name=name, parent=world.teams.get(above or ""))
    password, roles = make_password(PASSWORD), {role.code: role for role in Role.objects.all()}
    for employee in PEOPLE:
        user = User(
            name=employee.name, email=f"{employee.login}@{DOMAIN}", team=world.teams[employee.team],
            language=employee.language, password=password, date_joined=world.now,
        )  # fmt: skip
        user.full_clean()
        user.save()
        user.roles.set([roles[code] for code in employee.roles])
        world.users[employee.key] = user
    for key, manager in MANAGED_BY.items():
        team = world.teams[key]
        team.manager = world.users[manager]
        team.save()
    Queue.objects.filter(team=None).update(team=world.teams["service"])
    world.calendar = SlaPolicy.objects.get(is_default=True).hours


def logins() -> list[dict[str, Any]]:
    """What `manage.py up` prints: those to begin with first."""
    first = ("administrator", "director", "manager_north", "rep_north_1", "manager_service", "agent_1", "analyst")
    order = {key: place for place, key in enumerate(first)}
    known = sorted(PEOPLE, key=lambda employee: order.get(employee.key, len(first)))
    return [
        {
            "email": f"{employee.login}@{DOMAIN}",
            "password": PASSWORD,
            "role": f"{employee.name} ({' + '.join(employee.roles).replace('_', ' ')})",
        }
        for employee in known
    ]
