"""Why a lead is somebody's, in words: what `actions/lead_assignment.py` kept when it was given."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from crm.joining import clauses, listed


def in_words(why: dict[str, Any]) -> str:
    """{"rule": "North", "how": "load", "open": 3} → "by the rule “North”; fewest open leads (3)"."""
    if not why:
        return ""
    passed = listed(why.get("passed", []))
    said = [_source(why), _how(why), _("nobody was free for: %(rules)s") % {"rules": passed} if passed else ""]
    return clauses(part for part in said if part)


def _source(why: dict[str, Any]) -> str:
    if why.get("rule"):
        return _("by the rule “%(rule)s”") % {"rule": why["rule"]}
    if why.get("form"):
        return _("from the form “%(form)s”") % {"form": why["form"]}
    return _("no rule fits")


def _how(why: dict[str, Any]) -> str:
    how = why.get("how")
    if how == "turn":
        return _("waited longest")
    if how == "wait":
        return _("waits until somebody of the team takes it")
    if how != "load":
        return ""
    if "capacity" in why:
        return _("fewest open leads (%(open)s of %(most)s)") % {"open": why["open"], "most": why["capacity"]}
    return _("fewest open leads (%(open)s)") % {"open": why["open"]}
