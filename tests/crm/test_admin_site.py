"""What administrators find in the admin site, in words, and nothing of what libraries keep for themselves."""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils.timezone import localdate

from crm.access import kinds, owned
from crm.access.permissions import Reach
from crm.access.shipped_roles import SHIPPED_ROLES
from crm.actions import public_holidays
from crm.events import wording
from crm.jobs import schedule
from crm.models import BusinessCalendar, CustomField, Event, JobRun, Role
from customers.actions import customers, tasks
from tests.factories.crm import CalendarFactory
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.administrator)
    return client


def test_the_first_page_offers_only_what_is_configured(admin):
    page = admin.get("/admin/").content.decode()
    assert "/admin/crm/user/" in page
    for gone in ("auth/group", "account/emailaddress", "mfa/authenticator", "usersessions/usersession"):
        assert gone not in page


def test_shipped_roles_grant_only_kinds_that_there_are():
    granted = {kind for role in SHIPPED_ROLES for kind in role.grants}
    assert granted - {kind.code for kind in kinds.all_kinds()} == set()


def test_events_are_told_in_words_with_what_changed(admin, cast, now):
    customer = make_customer(cast.rep, "Acme")
    customers.update(customer, {"city": "Hull", "tier": "A"}, by=cast.rep, at=now)
    page = admin.get("/admin/crm/event/").content.decode()
    assert "Customer: changed" in page
    assert "customer.updated" not in page
    event = Event.objects.get(type="customer.updated")
    page = admin.get(f"/admin/crm/event/{event.pk}/change/").content.decode()
    assert "<li>City: – → Hull</li>" in page
    assert "<li>Tier: – → A: key customer</li>" in page


def test_what_failed_by_the_clock_is_told_in_one_line_and_can_be_tried_again(admin, now):
    trace = 'Traceback (most recent call last):\n  File "rates.py", line 7\nsales.rates.Missing: no rate of EUR\n'
    run = JobRun.objects.create(job="score-health", slot="2026-11-22", started_at=now, attempts=3, error=trace)
    JobRun.objects.create(job="customer-pool", slot="2026-11-22", started_at=now, finished_at=now, attempts=1)
    page = admin.get("/admin/crm/jobrun/?went=failed").content.decode()
    told = ("Health scores (score-health)", "given up", "Missing: no rate of EUR")
    assert [words in page for words in told] == [True] * 3
    assert "rates.py" not in page
    assert [job.name for job in schedule.all_jobs() if not job.label] == []
    assert "rates.py" in admin.get(f"/admin/crm/jobrun/{run.pk}/change/").content.decode()
    assert admin.post("/admin/crm/jobrun/", {"action": "retry", "_selected_action": [run.pk]}).status_code == 302
    run.refresh_from_db()
    assert run.attempts == 0


def test_what_the_database_refuses_is_said_with_the_names_of_the_fields(admin):
    for tag in ("Partner", "  partner "):
        page = admin.post("/admin/customers/tag/add/", {"name": tag, "colour": "secondary"})
    assert "There is a tag of this name already." in page.content.decode()
    said = {
        one.name: one.get_violation_error_message() for model in apps.get_models() for one in model._meta.constraints
    }
    assert [name for name, words in said.items() if "is violated" in words] == []
    assert said["unit_cost_not_negative"] == "Cost: at least 0"
    assert said["calendar_frame_closes_later"] == "These do not fit each other: closes, opens"
    assert said["one_default_state_per_category"].startswith("There is another one with the same: category, default")


def test_every_type_of_event_that_happens_has_words(cast, now):
    types = {f"{kind}.{verb}" for kind in ("customer", "contact") for verb in ("created", "updated", "deleted")}
    named = {wording.of(Event(type=type)) for type in types}
    assert named == {
        "customer: created", "customer: changed", "customer: moved to the bin",
        "contact: created", "contact: changed", "contact: moved to the bin",
    }  # fmt: skip


def test_a_calendar_is_filled_with_public_holidays_once_they_were_looked_at(admin, cast):
    calendar = CalendarFactory(name="Berlin")
    year = localdate().year
    calendar.holidays.create(date=date(year, 1, 1), name="Ours")
    url = reverse("admin:crm_businesscalendar_public_holidays", args=[calendar.pk])
    asked = {"country": "DE", "year": year}
    shown = admin.get(url, asked).content.decode()
    assert "Add 8 holidays" in shown
    assert calendar.holidays.count() == 1, "looking adds nothing"
    assert admin.post(url, asked).status_code == 302
    assert calendar.holidays.count() == 9
    assert calendar.holidays.get(date=date(year, 1, 1)).name == "Ours"
    assert admin.post(url, asked).status_code == 302
    assert calendar.holidays.count() == 9
    told = Event.objects.get(type="settings.changed")
    assert (told.by, told.data["name"], len(told.data["changes"]["holidays"][1])) == (cast.administrator, "Berlin", 8)


def hours(*frames):
    sent = {"name": "Shop", "timezone": "UTC", "holidays-TOTAL_FORMS": "0", "holidays-INITIAL_FORMS": "0"}
    sent |= {"frames-TOTAL_FORMS": str(len(frames)), "frames-INITIAL_FORMS": "0"}
    for number, (weekday, opens, closes) in enumerate(frames):
        row = {"weekday": weekday, "opens": opens, "closes": closes}
        sent |= {f"frames-{number}-{name}": value for name, value in row.items()}
    return sent


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "Give it opening hours on at least one weekday."),
        ([("0", "09:00", "12:00"), ("0", "11:00", "15:00")], "Opening hours of one weekday overlap."),
        ([("0", "09:00", "12:00"), ("0", "09:00", "12:00")], "Opening hours of one weekday overlap."),
    ],
)
def test_a_calendar_that_no_clock_could_run_by_is_refused(admin, frames, said):
    page = admin.post("/admin/crm/businesscalendar/add/", hours(*frames))
    assert (page.status_code, said in page.content.decode()) == (200, True)
    assert not BusinessCalendar.objects.filter(name="Shop").exists()


def test_hours_of_one_day_may_follow_each_other_without_a_break(admin):
    sent = hours(("0", "09:00", "12:00"), ("0", "12:00", "15:00"), ("1", "09:00", "12:00"))
    assert admin.post("/admin/crm/businesscalendar/add/", sent).status_code == 302
    assert BusinessCalendar.objects.get(name="Shop").as_calendar()


def test_nobody_but_administrators_fills_a_calendar(client, cast):
    calendar = CalendarFactory()
    client.force_login(cast.manager)
    url = reverse("admin:crm_businesscalendar_public_holidays", args=[calendar.pk])
    assert client.post(url, {"country": "DE", "year": localdate().year}).status_code == 302
    assert calendar.holidays.count() == 0


def test_names_of_holidays_come_in_the_readers_language_where_they_are_known():
    assert public_holidays.of("CN", 2026, "zh-hans")[date(2026, 1, 1)] == "元旦"
    assert public_holidays.of("CN", 2026, "en")[date(2026, 1, 1)] == "New Year's Day"
    assert dict(public_holidays.countries())["US"] == "United States"


def test_an_administrator_cannot_lock_themselves_out_but_another_can(admin, cast):
    change = reverse("admin:crm_user_change", args=[cast.administrator.pk])
    said = {"name": "Ada", "email": cast.administrator.email, "language": "en", "timezone": "UTC"}
    roles = list(cast.administrator.roles.values_list("pk", flat=True))
    for sent, field in (({"roles": roles}, "is_active"), ({"is_active": "on"}, "roles")):
        form = admin.post(change, {**said, **sent}).context["adminform"].form
        assert list(form.errors) == [field]
        assert "take the administration away from yourself" in str(form.errors)
    assert admin.post(change, {**said, "roles": roles, "is_active": "on"}).status_code == 302
    other = reverse("admin:crm_user_change", args=[cast.rep.pk])
    assert admin.post(other, {**said, "email": cast.rep.email}).status_code == 302
    cast.rep.refresh_from_db()
    cast.administrator.refresh_from_db()
    assert (cast.rep.is_active, cast.administrator.is_active) == (False, True)


def test_a_lost_phone_is_no_locked_door(admin, cast):
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=cast.rep, type=Authenticator.Type.TOTP, data={})
    sent = {"action": "remove_second_factors", "_selected_action": [cast.rep.pk]}
    assert admin.post("/admin/crm/user/", sent).status_code == 302
    assert not Authenticator.objects.exists()
    assert Event.objects.get(type="settings.changed").data["name"] == cast.rep.name


def test_the_permissions_of_a_role_are_named_in_words(admin, cast):
    cast.administrator.language = "zh-hans"
    cast.administrator.save()
    role = Role.objects.create(name="Visitor", code="visitor")
    role.grants.create(kind="customer", verb="view", reach=Reach.ALL)
    page = admin.get(f"/admin/crm/role/{role.pk}/change/").content.decode()
    assert "客户：查看、全部" in page
    assert "customer view" not in page


def test_a_permission_that_is_granted_twice_is_refused_in_words(admin):
    rows = {
        "grants-TOTAL_FORMS": "2",
        "grants-INITIAL_FORMS": "0",
        "fields-TOTAL_FORMS": "0",
        "fields-INITIAL_FORMS": "0",
    }
    for number, reach in ((0, "1"), (1, "4")):
        rows |= {f"grants-{number}-{name}": value for name, value in
                 (("kind", "customer"), ("verb", "view"), ("reach", reach))}  # fmt: skip
    page = admin.post("/admin/crm/role/add/", {"name": "Visitor", "code": "visitor", **rows}).content.decode()
    assert "Each permission on a kind of record is granted once, with one reach." in page
    assert not Role.objects.filter(code="visitor").exists()


def a_person_with(cast, **more):
    given = {"name": cast.rep.name, "email": cast.rep.email, "team": cast.north.pk, "language": "zh-hans"}
    return given | {"roles": [role.pk for role in cast.rep.roles.all()], "is_active": "on"} | more


def test_a_password_that_is_set_for_somebody_stands_nowhere_on_record(admin, cast):
    typed = "a password nobody may read"
    change = reverse("admin:crm_user_change", args=[cast.rep.pk])
    assert admin.post(change, a_person_with(cast, new_password=typed)).status_code == 302
    cast.rep.refresh_from_db()
    assert cast.rep.check_password(typed)
    event = Event.objects.get(type="settings.changed")
    assert event.data["changes"]["new_password"] == [None, None]
    assert typed not in str(event.data)
    cast.administrator.language = "zh-hans"
    cast.administrator.save()
    assert "<li>新密码：– → –</li>" in admin.get(f"/admin/crm/event/{event.pk}/change/").content.decode()


def test_a_new_person_is_invited_in_their_language_and_chooses_a_password(
    admin, cast, client, mailoutbox, django_capture_on_commit_callbacks
):
    new = {"name": "张伟", "email": "zhang@example.com", "language": "zh-hans", "timezone": "Asia/Shanghai"}
    with django_capture_on_commit_callbacks(execute=True):
        sent = admin.post("/admin/crm/user/add/", new | {"is_active": "on", "invite": "on"})
    assert sent.status_code == 302
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["zhang@example.com"], f"{cast.administrator.name} 邀请您使用 Yardstick CRM")
    link = next(word for word in mail.body.split() if "/password/reset/key/" in word)
    assert link.startswith("http")
    client.logout()
    form = client.get("/" + link.split("/", 3)[3], follow=True).redirect_chain[-1][0]
    typed = {"password1": "first of their own", "password2": "first of their own"}
    assert client.post(form, typed).status_code == 302
    client.post(reverse("account_login"), {"login": "zhang@example.com", "password": "first of their own"})
    assert "_auth_user_id" in client.session
    used = client.get("/" + link.split("/", 3)[3])
    assert b"password1" not in used.content, "a link opens once"


def test_people_who_cannot_sign_in_are_not_invited(admin, cast, mailoutbox):
    cast.junior.is_active = False
    cast.junior.save()
    cast.outsider.email = None
    cast.outsider.save()
    people = [cast.rep.pk, cast.junior.pk, cast.outsider.pk]
    shown = admin.post("/admin/crm/user/", {"action": "invite", "_selected_action": people}, follow=True)
    said = [str(message) for message in shown.context["messages"]]
    left = f"{cast.junior.name}, {cast.outsider.name}"
    assert said == ["1 invitation sent.", f"Not invited, because not active or without an email address: {left}"]
    assert [mail.to for mail in mailoutbox] == [[cast.rep.email]]
    assert [event.data["name"] for event in Event.objects.filter(type="settings.changed")] == [cast.rep.name]


def test_a_mail_server_that_is_away_is_said_and_nobody_counts_as_invited(admin, cast, monkeypatch):
    def away(*_words, **_more):
        raise ConnectionRefusedError("Connection refused")

    monkeypatch.setattr("crm.actions.people.send_mail", away)
    shown = admin.post("/admin/crm/user/", {"action": "invite", "_selected_action": [cast.rep.pk]}, follow=True)
    said = [str(message) for message in shown.context["messages"]]
    assert said[0] == f"No mail to {cast.rep.email} left: Connection refused"
    assert not Event.objects.filter(type="settings.changed").exists()


@pytest.mark.parametrize("wrong", [{"language": "klingon"}, {"timezone": "Mars/Olympus"}])
def test_a_language_or_time_zone_that_there_is_not_is_refused(admin, cast, wrong):
    change = reverse("admin:crm_user_change", args=[cast.rep.pk])
    before = (cast.rep.language, cast.rep.timezone)
    answer = admin.post(change, a_person_with(cast, **wrong))
    assert list(answer.context["adminform"].form.errors) == list(wrong)
    cast.rep.refresh_from_db()
    assert (cast.rep.language, cast.rep.timezone) == before


@pytest.mark.django_db(transaction=True)
def test_what_is_done_from_a_list_is_done_and_on_record_outside_of_a_test_too(admin, cast, mailoutbox):
    """Requests have no transaction around them but their own; most tests do."""
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=cast.rep, type=Authenticator.Type.TOTP, data={})
    role = Role.objects.create(name="Visitor", code="visitor")
    chosen = {"_selected_action": [cast.rep.pk]}
    assert admin.post("/admin/crm/user/", chosen | {"action": "remove_second_factors"}).status_code == 302
    assert admin.post("/admin/crm/user/", chosen | {"action": "invite"}).status_code == 302
    gone = {"action": "delete_selected", "_selected_action": [role.pk], "post": "yes"}
    assert admin.post("/admin/crm/role/", gone).status_code == 302
    told = [
        (event.type, event.data["name"]) for event in Event.objects.filter(type__startswith="settings.").order_by("pk")
    ]
    name = cast.rep.name
    assert told == [("settings.changed", name), ("settings.changed", name), ("settings.deleted", "Visitor")]
    assert (Authenticator.objects.count(), len(mailoutbox), Role.objects.filter(code="visitor").count()) == (0, 1, 0)


def test_whoever_is_deactivated_is_told_of_with_what_they_still_have_and_where_it_is_handed_over(admin, cast, now):
    for name in ("Mine", "Mine too"):
        make_customer(cast.rep, name)
    tasks.create(title="Call", owner=cast.rep, due_at=now, by=cast.rep, at=now)
    change = reverse("admin:crm_user_change", args=[cast.rep.pk])
    shown = admin.get(change).content.decode()
    hand_over = f"{reverse('customer-list')}?owner={cast.rep.pk}"
    assert f'<a href="{hand_over}">customers: 2</a>' in shown
    assert f'?owner={cast.rep.pk}&amp;state=open">tasks: 1</a>' in shown
    said = {"name": cast.rep.name, "email": cast.rep.email, "language": "en", "timezone": "UTC"}
    page = admin.post(change, said, follow=True).content.decode()
    assert "can no longer sign in" in page
    assert f'<a href="{hand_over}">customers: 2</a>' in page
    found = admin.get(hand_over).content.decode()
    assert "Mine too" in found
    admin.post(change, {**said, "is_active": "on"})
    assert "still has:" not in admin.get(change).content.decode()


def test_every_list_that_somebodys_records_are_handed_over_from_can_be_narrowed_so(admin, cast):
    for one in owned._owned.values():
        page = admin.get(one.url(cast.rep))
        assert page.status_code == 200
        assert "lists/_refusals.html" not in [each.name for each in page.templates], one.kind


def test_a_role_that_people_have_is_not_deleted_and_it_says_how_many_have_it(admin, cast):
    role = cast.rep.roles.first()
    page = admin.post(reverse("admin:crm_role_delete", args=[role.pk]), {"post": "yes"}, follow=True)
    count = role.people.count()
    assert f"{count} {'person has' if count == 1 else 'people have'} the role “{role}”" in page.content.decode()
    assert cast.rep.roles.filter(pk=role.pk).exists()
    free = Role.objects.create(name="Nobody's", code="nobody")
    admin.post(reverse("admin:crm_role_delete", args=[free.pk]), {"post": "yes"})
    assert not Role.objects.filter(pk=free.pk).exists()
    chosen = {"action": "delete_selected", "_selected_action": [role.pk], "post": "yes"}
    assert "nothing was deleted" in admin.post("/admin/crm/role/", chosen, follow=True).content.decode()
    assert cast.rep.roles.filter(pk=role.pk).exists()


def test_what_is_only_read_is_called_in_words_where_its_own_name_is_for_logs(admin, cast, now):
    customer = make_customer(cast.rep, "Acme")
    event = Event.objects.get(type="customer.created", subject_id=customer.pk)
    page = admin.get(reverse("admin:crm_event_change", args=[event.pk])).text
    assert "customer.created" not in page
    assert page.count("Customer: created: Acme") == 3  # the window, the heading and the way back


def test_the_widgets_of_the_admin_site_speak_chinese_to_the_end(admin, cast):
    cast.administrator.language = "zh-hans"
    cast.administrator.save()
    said = admin.get(reverse("admin:jsi18n")).text
    assert '"Choose all %s": "\\u5168\\u90e8\\u9009\\u62e9%s"' in said
    assert '"Available %s"' in said  # what Django knows itself is still there


def test_the_kind_of_a_custom_field_is_told_by_its_name_and_stays_when_it_is_saved(admin):
    field = CustomField.objects.create(kind="customer", code="machines", type="number", label="Machines")
    listed = admin.get(reverse("admin:crm_customfield_changelist")).text
    assert ">Customer</a>" in listed
    url = reverse("admin:crm_customfield_change", args=[field.pk])
    assert '<div class="readonly">customer</div>' in admin.get(url).text
    form = {
        "type": "number",
        "label": "Machines in use",
        "position": 0,
        "choices-TOTAL_FORMS": 0,
        "choices-INITIAL_FORMS": 0,
    }
    answer = admin.post(url, form)
    field.refresh_from_db()
    assert (answer.status_code, field.kind, field.label) == (302, "customer", "Machines in use")
