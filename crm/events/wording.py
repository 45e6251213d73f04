"""What happened, in two or three words, for the administrator's list of all events. Timelines tell whole sentences."""

from __future__ import annotations

from typing import Any

from django.utils.translation import pgettext_lazy as p

from crm.access import kinds
from crm.joining import labelled
from crm.models.event import Event

VERBS = {
    "created": p("event", "created"), "updated": p("event", "changed"), "changed": p("event", "changed"),
    "deleted": p("event", "moved to the bin"), "restored": p("event", "taken out of the bin"),
    "assigned": p("event", "assigned"), "handed_over": p("event", "handed over"),
    "owner_changed": p("event", "handed over"), "lifecycle_changed": p("event", "lifecycle changed"),
    "won_back": p("event", "won back"), "claimed": p("event", "claimed"), "released": p("event", "released"),
    "taken_back": p("event", "back in the pool"), "members_added": p("event", "members added"),
    "members_removed": p("event", "members taken out"),
    "collaborator_added": p("event", "collaborator added"), "collaborator_changed": p("event", "collaborator changed"),
    "collaborator_removed": p("event", "collaborator removed"),
    "share_changed": p("event", "sharing changed"), "unshared": p("event", "no longer shared"),
    "file_added": p("event", "file added"), "file_removed": p("event", "file taken away"),
    "file_restored": p("event", "file brought back"),
    "linked": p("event", "linked"), "unlinked": p("event", "unlinked"), "role_changed": p("event", "role changed"),
    "made_main": p("event", "made the main contact"), "completed": p("event", "done"),
    "reopened": p("event", "reopened"), "moved": p("event", "moved"), "won": p("event", "won"),
    "lost": p("event", "lost"), "history_recorded": p("event", "history imported"),
    "history_taken_back": p("event", "imported history taken back"), "lines_changed": p("event", "lines changed"),
    "answered": p("event", "answered"), "written": p("event", "the customer wrote"),
    "noted": p("event", "internal note"), "paused": p("event", "paused"), "resumed": p("event", "resumed"),
    "resolved": p("event", "resolved"), "closed": p("event", "closed"),
    "prioritised": p("event", "priority changed"), "sla_breached": p("event", "deadline missed"),
    "sent": p("event", "sent"), "failed": p("event", "could not be delivered"),
    "suppressed": p("event", "not sent"), "recorded": p("event", "answer received"),
    "finished": p("event", "finished"), "undone": p("event", "undone"), "made": p("event", "made"),
    "tried": p("event", "tried"), "received": p("event", "received"), "tried_again": p("event", "tried again"),
    "bounced": p("event", "came back"), "shared": p("event", "shared"), "kept_private": p("event", "kept private"),
    "issued": p("event", "access token issued"), "revoked": p("event", "access token revoked"),
    "preferred": p("event", "own preferences changed"), "demo_filled": p("event", "demo data filled in"),
    "begun": p("event", "demo taken away, begun for real"),
    "open": p("event", "opened"), "opened": p("event", "opened"), "running": p("event", "started"),
    "frozen": p("event", "numbers frozen"), "archived": p("event", "archived"),
    "commented": p("event", "commented on"), "disputed": p("event", "line disputed"),
    "dispute_settled": p("event", "dispute settled"), "amended": p("event", "line amended"),
    "handed_in": p("event", "handed in"), "calibrated": p("event", "calibrated"),
    "meeting_set": p("event", "meeting set"), "signed": p("event", "signed"),
    "effect_due": p("event", "effect due"), "effect_measured": p("event", "effect measured"),
    "step_added": p("event", "step added"), "step_removed": p("event", "step removed"),
    "step_done": p("event", "step done"), "step_reopened": p("event", "step reopened"),
    "agreed": p("event", "agreed"), "acknowledged": p("event", "acknowledged"), "objected": p("event", "objected to"),
    "revised": p("event", "revised"), "retired": p("event", "retired"),
    "point_added": p("event", "address added"), "point_changed": p("event", "address changed"),
    "point_removed": p("event", "address removed"), "tagged": p("event", "tags changed"),
    "consent_given": p("event", "consent given"), "consent_withdrawn": p("event", "consent withdrawn"),
    "members_changed": p("event", "members changed"), "personal_data_read": p("event", "personal data read"),
    "merged": p("event", "merged"), "merged_away": p("event", "merged into another"),
    "merge_undone": p("event", "merge undone"), "not_a_duplicate": p("event", "said to be no duplicate"),
    "maybe_a_duplicate": p("event", "proposed as a duplicate again"),
    "created_apart": p("event", "created although alike"), "collaboration_asked": p("event", "asked to collaborate"),
    "wrote_back": p("event", "wrote back"), "address_failed": p("event", "mail came back"),
    "address_trusted": p("event", "address right after all"),
    "taken": p("event", "taken"), "contacted": p("event", "contacted"), "converted": p("event", "converted"),
    "conversion_undone": p("event", "conversion undone"), "discarded": p("event", "discarded"),
    "wrote": p("event", "the lead wrote"), "credit_divided": p("event", "credit divided"),
    "criterion_ticked": p("event", "criterion met"), "criterion_unticked": p("event", "criterion open again"),
    "criteria_overridden": p("event", "moved in spite of criteria"),
    "next_step_overridden": p("event", "left without a next step"),
    "closed_corrected": p("event", "corrected although closed"),
    "person_noted": p("event", "buying role noted"), "person_removed": p("event", "buying role removed"),
    "competitor_noted": p("event", "competitor noted"), "competitor_removed": p("event", "competitor removed"),
    "submitted": p("event", "submitted"), "adjusted": p("event", "adjusted"),
    "accepted": p("event", "accepted"), "declined": p("event", "declined"), "expired": p("event", "expired"),
    "replaced": p("event", "replaced"), "ordered": p("event", "ordered"), "returned": p("event", "returned"),
    "return_cancelled": p("event", "return cancelled"), "renewed": p("event", "renewed"),
    "ended": p("event", "ended"), "reactivated": p("event", "reactivated"), "corrected": p("event", "corrected"),
    "value_changed": p("event", "value changed"), "repeated": p("event", "repeated"),
    "repetition_stopped": p("event", "no longer repeated"), "refused": p("event", "refused"),
    "done": p("event", "done"), "left": p("event", "left the customer"),
    "closed_unsigned": p("event", "closed without a signature"),
    "text_chosen": p("event", "templates chosen"), "prepared": p("event", "prepared"),
    "started": p("event", "started"), "stopped": p("event", "stopped"), "gone_on": p("event", "gone on with"),
    "mailing_sent": p("event", "mailing sent"), "mailing_left_out": p("event", "left out of a mailing"),
    "mailing_failed": p("event", "mailing not sent"), "mailing_bounced": p("event", "mailing came back"),
    "mailing_answered": p("event", "mailing answered"), "unsubscribed": p("event", "unsubscribed from mailings"),
    "subscribed_again": p("event", "subscribed to mailings again"),
}  # fmt: skip
# Where the verb means something else of this kind.
TYPES = {"erasure.ordered": p("event", "erasing decided")}
OTHER_KINDS = {
    "settings": p("event", "settings"), "export": p("event", "export"), "token": p("event", "access token"),
    "tag": p("event", "tag"),
}  # fmt: skip


def kind_of(event_type: str) -> str:
    """The noun an event's type begins with, as people call it."""
    code = event_type.partition(".")[0]
    if code in OTHER_KINDS:
        return str(OTHER_KINDS[code])
    return next((str(kind.label) for kind in kinds.all_kinds() if kind.code == code), code)


def of(event: Event) -> str:
    """ "ticket: resolved", in the reader's language; a type nobody has named reads as it is."""
    verb = event.type.partition(".")[2]
    said: Any = TYPES.get(event.type)
    return labelled(kind_of(event.type), said or VERBS.get(verb, verb.replace("_", " ")))
