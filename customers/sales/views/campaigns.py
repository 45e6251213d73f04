from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web import formats
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Contact, Customer
from customers.sales.actions import campaigns
from customers.sales.forms.campaigns import CampaignForm, MemberForm, MemberStateForm
from customers.sales.models import Campaign, CampaignMember, Cost, Lead, Mailing, Opportunity
from customers.sales.models import attribution as attributed
from customers.sales.models.forecast_period import organisation_zone
from customers.sales.views import mailings
from customers.views import editing, timeline

SHOWN = 200


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        campaign = guards.get_visible(Campaign.objects.select_related("owner", "team"), user, pk=pk)
        zone = organisation_zone()
        results = attributed.results_of(campaign, user, timezone.localdate(timezone=zone), zone)
        sees_costs = user.access.may(Cost.kind, Verb.VIEW)
        members = members_of(campaign, user)
        may_edit = editing.allows(user, campaign, Verb.EDIT)
        context = {
            "campaign": campaign,
            "results": results,
            "spending": attributed.spending_of(campaign, results, user) if sees_costs else None,
            "members": members[:SHOWN],
            "hidden": campaign.members.count() - results.members,
            "not_shown": max(results.members - SHOWN, 0),
            "state_form": MemberStateForm(members=members, initial={"day": timezone.localdate()}),
            "may_edit": may_edit,
            "may_delete": editing.allows(user, campaign, Verb.DELETE),
            "may_note_cost": user.access.may(Cost.kind, Verb.CREATE),
            "sees_mailings": user.access.may(Mailing.kind, Verb.VIEW),
            "may_mail": may_edit and user.access.may(Mailing.kind, Verb.CREATE),
            "mailings": mailings.of_campaign(campaign, user),
            "sees_leads": user.access.may(Lead.kind, Verb.VIEW),
            **timeline.context(request, campaign),
        }
        return render(request, "sales/campaign/detail.html", context)


def members_of(campaign: Campaign, user: Any) -> Any:
    """Those the person may see; who has answered first."""
    seen = CampaignMember.objects.visible_to(user).filter(campaign=campaign).select_related("contact", "lead")
    return seen.order_by(F("responded_on").desc(nulls_last=True), "state", "-added_at", "-pk")


class Timeline(timeline.Timeline):
    model = Campaign


timeline.FILTERS["campaign"] = [("", gettext_lazy("Everything")), ("campaign", gettext_lazy("Changes"))]


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Campaign.kind, Verb.CREATE)
        return self.page(CampaignForm(user=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Campaign.kind, Verb.CREATE)
        form = CampaignForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(form, status=422)
        if not first_time(request):
            return redirect("campaign-list")
        try:
            campaign = campaigns.create(by=request.user, at=timezone.now(), owner=request.user, **form.changes())
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, _("The campaign is noted."))
        return redirect(campaign.get_absolute_url())

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/campaign/form.html", {"form": form}, status=status)


class Edit(editing.Edit):
    model = Campaign
    form_class = CampaignForm
    template_name = "sales/campaign/form.html"
    update = campaigns.update


class Delete(editing.Delete):
    model = Campaign
    to_bin = campaigns.delete
    explanation = gettext_lazy(
        "What it cost stays in the ledger. One that ended, or was called off, has a state for it."
    )
    done = gettext_lazy("The campaign is in the bin.")


class Restoration(editing.Restore):
    model = Campaign
    from_bin = campaigns.restore
    done = gettext_lazy("The campaign is back.")


class NewMember(View):
    """One contact or lead, by hand."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = guards.get_permitted(Campaign.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(campaign, MemberForm(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = guards.get_permitted(Campaign.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = MemberForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(campaign, form, status=422)
        person: Contact | Lead = form.cleaned_data["person"]
        new = campaigns.add_members([person], campaign=campaign, by=request.user, at=timezone.now())
        toast(request, _("Added.") if new else _("This person is a member already."))
        return redirect(campaign.get_absolute_url())

    def page(self, campaign: Campaign, form: Any, status: int = 200) -> HttpResponse:
        context = {"campaign": campaign, "form": form}
        return render(self.request, "sales/campaign/member.html", context, status=status)


class Members(View):
    """How the marked members stand from a day on."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = guards.get_permitted(Campaign.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = MemberStateForm(request.POST, members=members_of(campaign, request.user))
        if not form.is_valid():
            toast(request, _("Mark the members it is about."), level=40)
            return redirect(campaign.get_absolute_url())
        said = form.cleaned_data
        try:
            count = campaigns.note_state(
                said["members"], said["state"], day=said["day"], by=request.user, at=timezone.now()
            )
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
            return redirect(campaign.get_absolute_url())
        said = ngettext("Noted of %(count)s member.", "Noted of %(count)s members.", count)
        toast(request, said % {"count": formats.number(count)})
        return redirect(campaign.get_absolute_url())


class OpportunityAttribution(View):
    """Beside an opportunity: where its customer came from, and what was answered last before it was opened."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = guards.get_visible(Opportunity.objects.all(), request.user, pk=pk)
        # Where a customer came from is told by its own record: who may not see that one is told nothing of it.
        customer = Customer.objects.visible_to(request.user).filter(pk=opportunity.customer_id).first()
        touches = [
            (_("First touch"), attributed.first_touch(customer) if customer else None),
            (_("Last touch"), attributed.last_touch(opportunity, organisation_zone()) if customer else None),
        ]
        named = [touch.campaign.pk for _label, touch in touches if touch and touch.campaign]
        shown = Campaign.objects.visible_to(request.user).filter(pk__in=named).values_list("pk", flat=True)
        context = {"touches": touches, "shown": set(shown)}
        return render(request, "sales/panels/attribution.html", context)
