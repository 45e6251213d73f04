"""Who was asked, what they answered, and what was done about the unhappy ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from customers.models import Task
from evaluation.demo import storing, words
from evaluation.demo.world import Share, World
from surveys.actions.invitations import REST
from surveys.models import Invitation, Response, Survey
from surveys.models.invitation import hash_of
from surveys.models.response import UNHAPPY

ANSWERS = 0.42  # of those asked do answer
SATISFIED = {"before": 0.82, "fall": 0.58, "recovering": 0.80, "improved": 0.96}
PROMOTERS = {"before": 0.50, "fall": 0.34, "recovering": 0.48, "improved": 0.56}
DETRACTORS = {"before": 0.16, "fall": 0.31, "recovering": 0.18, "improved": 0.11}
NPS_SHARE = 0.3  # of the resolutions lead, much later, to the question whether they would recommend us
State, Reason = Invitation.State, Invitation.Reason


class Asking:
    """Who was asked when, so that nobody is asked twice in a month, and how many were happy so far."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.surveys = {survey.type: survey for survey in Survey.objects.all()}
        self.asked: dict[int, datetime] = {}
        self.answering, self.satisfied = Share(), Share()
        self.promoting, self.detracting = Share(), Share()

    def ask(self, survey_type: str, ticket: Any, customer: Any, contact: Any, owner: Any, at: datetime) -> Invitation:
        invitation = Invitation(
            survey=self.surveys[survey_type], contact=contact, customer=customer, ticket=ticket, owner=owner,
            team=owner.team, invited_at=at, created_at=at, updated_at=at,
        )  # fmt: skip
        last = self.asked.get(contact.pk)
        if contact.do_not_contact:
            invitation.state, invitation.reason = State.SUPPRESSED, Reason.DO_NOT_CONTACT
        elif last is not None and at - last < REST:
            invitation.state, invitation.reason = State.SUPPRESSED, Reason.THROTTLED
        else:
            self.asked[contact.pk] = at
            invitation.state, invitation.sent_at = State.SENT, at + timedelta(minutes=1)
            invitation.expires_at = at + timedelta(days=30)
            invitation.nonce = sha256(f"demo {len(self.asked)} {at.isoformat()}".encode()).hexdigest()
            self._answer(invitation)
        return invitation

    def _answer(self, invitation: Invitation) -> None:
        at = self.world.working_moment((invitation.sent_at + timedelta(days=self.world.random.randrange(1, 6))).date())
        if self.answering.says_yes(ANSWERS) and at < self.world.now:
            invitation.state, invitation.answered_at, invitation.updated_at = State.ANSWERED, at, at

    def score(self, invitation: Invitation) -> int:
        """What they felt when they were asked."""
        phase, pick = self.world.days.phase(invitation.sent_at.date()), self.world.pick
        if invitation.survey.type == Survey.Type.CSAT:
            return pick((4, 5), (2, 3)) if self.satisfied.says_yes(SATISFIED[phase]) else pick((1, 2, 3), (2, 3, 3))
        if self.promoting.says_yes(PROMOTERS[phase]):
            return pick((9, 10))
        if self.detracting.says_yes(DETRACTORS[phase] / (1 - PROMOTERS[phase])):
            return pick((2, 4, 5, 6))
        return pick((7, 8))


def listen(world: World) -> None:
    asking = Asking(world)
    invitations = [asking.ask(*question) for question in _questions(world)]
    storing.store(Invitation, invitations)
    _link(world, invitations)
    answered = sorted((one for one in invitations if one.answered_at), key=lambda one: one.answered_at)
    world.responses = [_response(world, invitation, asking.score(invitation)) for invitation in answered]
    storing.store(Response, world.responses)
    _follow_up(world)
    for response in world.responses:
        about = [response.customer, response.contact, response.ticket]
        world.tell(
            "response.recorded", response, by=None, at=response.answered_at, data={"score": response.score},
            about=about,
        )  # fmt: skip


def _questions(world: World) -> list[tuple[Any, ...]]:
    """CSAT about every resolution; NPS to some customers weeks later, credited to whoever looks after them."""
    found: list[tuple[Any, ...]] = []
    for ticket in world.tickets:
        if ticket.resolved_at is None or ticket.owner is None:
            continue
        found.append((Survey.Type.CSAT, ticket, ticket.customer, ticket.contact, ticket.owner, ticket.resolved_at))
        later = world.working_moment((ticket.resolved_at + timedelta(days=world.random.randrange(35, 80))).date())
        if world.chance(NPS_SHARE) and later < world.now:
            owner = world.owner_at(ticket.customer, later)
            found.append((Survey.Type.NPS, None, ticket.customer, ticket.contact, owner, later))
    return sorted(found, key=lambda question: (question[5], question[2].pk, question[3].pk, question[0]))


def _link(world: World, invitations: list[Invitation]) -> None:
    """Links that are still valid work; only the hash is kept, and it needs the invitation's id."""
    open_ones = [one for one in invitations if one.is_open(world.now)]
    for invitation in open_ones:
        invitation.token_hash = hash_of(invitation.token)
    storing.change(Invitation, open_ones, ["token_hash"])


def _response(world: World, invitation: Invitation, score: int) -> Response:
    at: Any = invitation.answered_at
    is_unhappy = score <= UNHAPPY[Survey.Type(invitation.survey.type)]
    said = (words.UNHAPPY if is_unhappy else words.HAPPY)[invitation.contact.language]
    return Response(
        invitation=invitation, survey=invitation.survey, contact=invitation.contact, customer=invitation.customer,
        ticket=invitation.ticket, owner=invitation.owner, team=invitation.team, score=score,
        comment=world.pick(said), answered_at=at, created_at=at, updated_at=at,
    )  # fmt: skip


def _follow_up(world: World) -> None:
    """Each unhappy answer became a task for the next working day; those of the last days are still open."""
    tasks = []
    for response in world.responses:
        if not response.is_unhappy:
            continue
        owner = world.owner_at(response.customer, response.answered_at)
        due = _next_evening(world, response.answered_at)
        done = due - timedelta(hours=world.random.randrange(1, 6))
        tasks.append(
            Task(
                title=_title(response, owner.language), notes=response.comment, owner=owner, team=owner.team,
                due_at=due, priority=Task.Priority.HIGH, customer=response.customer, contact=response.contact,
                about_kind=Response.kind, about_id=response.pk, created_at=response.answered_at,
                updated_at=min(done, world.now) if done < world.now else response.answered_at,
                done_at=done if done < world.now else None, done_by=owner if done < world.now else None,
                version=2 if done < world.now else 1,
            )
        )  # fmt: skip
    storing.store(Task, tasks)


def _title(response: Response, language: str) -> str:
    highest = response.survey.scale[-1]
    if language == words.CHINESE:
        return f"{response.contact.name} 的不满意答复：{response.score}/{highest}"
    return f"Unhappy answer of {response.contact.name}: {response.score} of {highest}"


def _next_evening(world: World, at: datetime) -> datetime:
    day: date = at.date() + timedelta(days=1)
    return world.working_moment(day).replace(hour=17, minute=0)


def counts(world: World) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for response in world.responses:
        found[response.survey.type] += 1
    return dict(found)
