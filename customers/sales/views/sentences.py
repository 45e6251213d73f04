"""Each event of this app as a sentence, said when it is read, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from crm.models import Event
from crm.web import changes
from customers.sales.views import sentence_words
from customers.views.sentences import Sentence

# What mailings say on the timeline of who got one. Which one it was is not said: not everybody there may see it.
OF_PEOPLE: dict[str, tuple[Any, str, str]] = {
    f"{kind}.{verb}": said
    for kind in ("contact", "lead")
    for verb, said in {
        "mailing_sent": (gettext_lazy("A mailing was sent to %(subject)s"), "send", "neutral"),
        "mailing_left_out": (
            gettext_lazy("%(subject)s was left out of a mailing: %(left_out_for)s"),
            "user-x",
            "neutral",
        ),
        "mailing_failed": (gettext_lazy("A mailing to %(subject)s could not be sent"), "alert-circle", "warn"),
        "mailing_bounced": (gettext_lazy("A mailing to %(subject)s came back"), "alert-circle", "warn"),
        "mailing_answered": (gettext_lazy("%(subject)s answered a mailing"), "mail", "good"),
        "unsubscribed": (gettext_lazy("%(subject)s wants no more mailings"), "user-off", "warn"),
        "subscribed_again": (gettext_lazy("%(subject)s wants mailings again"), "user-check", "good"),
    }.items()
}

# Type of event: sentence, icon, tone. What stands for %(…)s is made in sentence_words.py.
SENTENCES: dict[str, tuple[Any, str, str]] = {
    "lead.created": (gettext_lazy("New lead: %(subject)s"), "user-search", "info"),
    "lead.updated": (gettext_lazy("Lead changed: %(subject)s"), "pencil", "neutral"),
    "lead.taken": (gettext_lazy("%(owner)s has taken the lead %(subject)s"), "user-check", "info"),
    "lead.contacted": (gettext_lazy("In touch with %(subject)s: %(way)s"), "phone", "good"),
    "lead.assigned": (gettext_lazy("%(subject)s goes to %(owner)s: %(given)s"), "route", "info"),
    "lead.answered": (gettext_lazy("Found out about %(subject)s: %(answers)s"), "list-check", "good"),
    "lead.wrote_back": (gettext_lazy("%(subject)s answered a letter"), "mail", "info"),
    "lead.wrote": (gettext_lazy("%(subject)s wrote to us: %(letter)s"), "mail", "info"),
    "lead.address_failed": (gettext_lazy("Mail to %(subject)s came back: there is no such address"), "mail-off", "bad"),
    "lead.address_trusted": (gettext_lazy("The address of %(subject)s is right after all"), "circle-check", "good"),
    "lead.converted": (gettext_lazy("The lead %(subject)s was converted"), "circle-check", "good"),
    "lead.conversion_undone": (gettext_lazy("The conversion of %(subject)s was undone"), "arrow-back-up", "warn"),
    "lead.discarded": (gettext_lazy("Discarded the lead %(subject)s: %(why)s"), "circle-x", "warn"),
    "lead.reopened": (gettext_lazy("The lead %(subject)s is open again"), "rotate-clockwise", "neutral"),
    "lead.handed_over": (gettext_lazy("Handed the lead %(subject)s over to %(owner)s"), "arrows-exchange", "info"),
    "lead.deleted": (gettext_lazy("Moved the lead %(subject)s to the bin"), "trash", "warn"),
    "lead.restored": (gettext_lazy("Took the lead %(subject)s out of the bin"), "restore", "neutral"),
    "opportunity.created": (gettext_lazy("Opened “%(subject)s”"), "target-arrow", "info"),
    "opportunity.updated": (gettext_lazy("Changed “%(subject)s”"), "pencil", "neutral"),
    "opportunity.tagged": (gettext_lazy("Tags of “%(subject)s” changed"), "tags", "neutral"),
    "opportunity.moved": (gettext_lazy("“%(subject)s” moved from %(before)s to %(after)s"), "arrows-move", "neutral"),
    "opportunity.won": (gettext_lazy("Won “%(subject)s” for %(amount)s"), "trophy", "good"),
    "opportunity.lost": (gettext_lazy("Lost “%(subject)s”: %(reason)s"), "circle-x", "bad"),
    "opportunity.reopened": (gettext_lazy("Reopened “%(subject)s” in %(after)s"), "rotate-clockwise", "warn"),
    "opportunity.lines_changed": (gettext_lazy("Changed the products of “%(subject)s”"), "package", "neutral"),
    "opportunity.criteria_overridden": (
        gettext_lazy("“%(subject)s” may go on although this is missing: %(missing)s. Why: %(why_so)s"),
        "alert-triangle",
        "warn",
    ),
    "opportunity.next_step_overridden": (
        gettext_lazy("“%(subject)s” is left without a next step. Why: %(note)s"),
        "alert-triangle",
        "warn",
    ),
    "opportunity.closed_corrected": (
        gettext_lazy("Corrected “%(subject)s” although it is closed: %(note)s"),
        "alert-triangle",
        "warn",
    ),
    "opportunity.criterion_ticked": (gettext_lazy("“%(subject)s”: %(criterion)s, done"), "circle-check", "good"),
    "opportunity.criterion_unticked": (
        gettext_lazy("“%(subject)s”: %(criterion)s, not done after all"),
        "circle",
        "neutral",
    ),
    "opportunity.person_noted": (gettext_lazy("%(person)s in “%(subject)s”: %(role)s, %(attitude)s"), "users", "info"),
    "opportunity.person_removed": (
        gettext_lazy("%(person)s has no part in “%(subject)s” any more"),
        "user-x",
        "neutral",
    ),
    "opportunity.competitor_noted": (
        gettext_lazy("Competitor in “%(subject)s”: %(competitor)s, %(competing)s"),
        "scale",
        "warn",
    ),
    "opportunity.competitor_removed": (
        gettext_lazy("Not a competitor in “%(subject)s” after all: %(competitor)s"),
        "scale",
        "neutral",
    ),
    "opportunity.credit_divided": (
        gettext_lazy("Credit of “%(subject)s” from %(day)s on (%(credit_kind)s): %(credit)s"),
        "coins",
        "info",
    ),
    "opportunity.handed_over": (gettext_lazy("Handed “%(subject)s” over to %(owner)s"), "user-check", "info"),
    "opportunity.deleted": (gettext_lazy("Moved “%(subject)s” to the bin"), "trash", "warn"),
    "opportunity.restored": (gettext_lazy("Took “%(subject)s” out of the bin"), "restore", "neutral"),
    "opportunity.history_recorded": (
        gettext_lazy("The history of “%(subject)s” was imported"),
        "file-import",
        "neutral",
    ),
    "opportunity.history_taken_back": (
        gettext_lazy("The imported history of “%(subject)s” was taken back"),
        "arrow-back-up",
        "warn",
    ),
    "forecast.submitted": (gettext_lazy("Submitted the forecast of %(subject)s: %(amount)s"), "send", "info"),
    "forecast.adjusted": (gettext_lazy("Adjusted the forecast of %(subject)s to %(amount)s"), "scale", "warn"),
    "quote.created": (gettext_lazy("Drafted quote %(subject)s"), "file-invoice", "neutral"),
    "quote.updated": (gettext_lazy("Changed quote %(subject)s"), "pencil", "neutral"),
    "quote.lines_changed": (gettext_lazy("Changed the lines of quote %(subject)s"), "pencil", "neutral"),
    "quote.sent": (gettext_lazy("Quote %(subject)s of %(amount)s has its link"), "send", "info"),
    "quote.accepted": (gettext_lazy("%(name)s accepted quote %(subject)s of %(amount)s"), "circle-check", "good"),
    "quote.declined": (gettext_lazy("%(name)s declined quote %(subject)s %(said)s"), "circle-x", "bad"),
    "quote.expired": (gettext_lazy("Quote %(subject)s was not answered until %(day)s"), "clock", "warn"),
    "quote.replaced": (gettext_lazy("Quote %(subject)s is replaced by %(replaced_by)s"), "versions", "neutral"),
    "quote.ordered": (gettext_lazy("Quote %(subject)s became order %(order)s"), "receipt", "good"),
    "quote.handed_over": (gettext_lazy("Handed quote %(subject)s over to %(owner)s"), "arrows-exchange", "info"),
    "quote.deleted": (gettext_lazy("Moved quote %(subject)s to the bin"), "trash", "warn"),
    "quote.restored": (gettext_lazy("Took quote %(subject)s out of the bin"), "restore", "neutral"),
    "order.created": (gettext_lazy("Order %(subject)s"), "receipt", "good"),
    "order.updated": (gettext_lazy("Changed order %(subject)s"), "pencil", "neutral"),
    "order.lines_changed": (gettext_lazy("Changed the lines of order %(subject)s"), "pencil", "neutral"),
    "order.returned": (
        gettext_lazy("Of order %(subject)s came back: %(came_back)s (%(return_reason)s), refunded %(amount)s"),
        "arrow-back-up",
        "warn",
    ),
    "order.return_cancelled": (
        gettext_lazy("The return %(return_number)s of order %(subject)s was cancelled: %(note)s"),
        "rotate-clockwise",
        "neutral",
    ),
    "order.deleted": (gettext_lazy("Moved order %(subject)s to the bin"), "trash", "warn"),
    "order.restored": (gettext_lazy("Took order %(subject)s out of the bin"), "restore", "neutral"),
    "contract.created": (gettext_lazy("New contract: %(subject)s"), "contract", "good"),
    "contract.updated": (gettext_lazy("Changed the contract “%(subject)s”"), "pencil", "neutral"),
    "contract.value_changed": (
        gettext_lazy("“%(subject)s”: %(was)s per month became %(now)s, from %(day)s"),
        "trending-up",
        "neutral",
    ),
    "contract.renewed": (gettext_lazy("Renewed “%(subject)s” until %(until)s"), "refresh", "good"),
    "contract.ended": (gettext_lazy("“%(subject)s” ends on %(day)s: %(churned)s"), "circle-x", "bad"),
    "contract.reactivated": (gettext_lazy("“%(subject)s” begins again on %(day)s"), "rotate-clockwise", "good"),
    "contract.corrected": (gettext_lazy("Corrected a movement of “%(subject)s”: %(note)s"), "arrow-back-up", "warn"),
    "contract.handed_over": (
        gettext_lazy("Handed the contract “%(subject)s” over to %(owner)s"),
        "arrows-exchange",
        "info",
    ),
    "contract.deleted": (gettext_lazy("Moved the contract “%(subject)s” to the bin"), "trash", "warn"),
    "contract.restored": (gettext_lazy("Took the contract “%(subject)s” out of the bin"), "restore", "neutral"),
    "campaign.created": (gettext_lazy("New campaign: %(subject)s"), "speakerphone", "info"),
    "campaign.updated": (gettext_lazy("Changed the campaign “%(subject)s”"), "pencil", "neutral"),
    "campaign.members_added": (gettext_lazy("Added to “%(subject)s”: %(count)s"), "user-plus", "info"),
    "campaign.members_removed": (gettext_lazy("Taken out of “%(subject)s” again: %(count)s"), "user-x", "neutral"),
    "campaign.members_changed": (gettext_lazy("“%(subject)s”: %(count)s %(member_state)s"), "users", "good"),
    "campaign.handed_over": (
        gettext_lazy("Handed the campaign “%(subject)s” over to %(owner)s"),
        "arrows-exchange",
        "info",
    ),
    "campaign.deleted": (gettext_lazy("Moved the campaign “%(subject)s” to the bin"), "trash", "warn"),
    "campaign.restored": (gettext_lazy("Took the campaign “%(subject)s” out of the bin"), "restore", "neutral"),
    "mailing.created": (gettext_lazy("New mailing: %(subject)s"), "send", "info"),
    "mailing.updated": (gettext_lazy("Changed the mailing “%(subject)s”"), "pencil", "neutral"),
    "mailing.text_chosen": (gettext_lazy("Other templates for the mailing “%(subject)s”"), "pencil", "neutral"),
    "mailing.prepared": (
        gettext_lazy("Prepared the mailing “%(subject)s”: %(count)s letters, %(left_out)s left out"),
        "list-check",
        "info",
    ),
    "mailing.tried": (gettext_lazy("Tried the mailing “%(subject)s” on oneself"), "mail", "neutral"),
    "mailing.started": (gettext_lazy("Started the mailing “%(subject)s”: %(count)s letters"), "send", "info"),
    "mailing.stopped": (
        gettext_lazy("Stopped the mailing “%(subject)s”: %(count)s letters had not left"),
        "player-stop",
        "warn",
    ),
    "mailing.gone_on": (
        gettext_lazy("Went on with the mailing “%(subject)s”: %(count)s letters"),
        "player-play",
        "info",
    ),
    "mailing.done": (gettext_lazy("The mailing “%(subject)s” is sent: %(count)s letters"), "circle-check", "good"),
    "mailing.deleted": (gettext_lazy("Moved the mailing “%(subject)s” to the bin"), "trash", "warn"),
    "mailing.restored": (gettext_lazy("Took the mailing “%(subject)s” out of the bin"), "restore", "neutral"),
    **OF_PEOPLE,
    "competitor.created": (gettext_lazy("New competitor: %(subject)s"), "scale", "info"),
    "competitor.updated": (gettext_lazy("Changed “%(subject)s”"), "pencil", "neutral"),
    "competitor.deleted": (gettext_lazy("Moved “%(subject)s” to the bin"), "trash", "warn"),
    "competitor.restored": (gettext_lazy("Took “%(subject)s” out of the bin"), "restore", "neutral"),
    "cost.created": (gettext_lazy("Noted a cost of %(amount)s: %(subject)s"), "coin", "neutral"),
    "product.created": (gettext_lazy("New product: %(subject)s"), "package", "info"),
    "product.updated": (gettext_lazy("Changed “%(subject)s”"), "pencil", "neutral"),
    "product.deleted": (gettext_lazy("Moved “%(subject)s” to the bin"), "trash", "warn"),
    "product.restored": (gettext_lazy("Took “%(subject)s” out of the bin"), "restore", "neutral"),
}


def of(event: Event, user: Any) -> Sentence:
    """The sentence of an event, as the person may read it."""
    text, icon, tone = SENTENCES[event.type]
    kind, verb = event.type.split(".")
    url = reverse(f"{kind}-detail", args=[event.subject_id])
    told = changes.in_words(event, user) if verb == "updated" else []
    return Sentence(str(text) % sentence_words.of(event, user), icon, tone, url, told)
