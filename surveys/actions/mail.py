"""The mail that asks, in the language of whoever is asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from customers.models import Contact
from surveys.models import Invitation, Question


def language_of(contact: Contact) -> str:
    """The contact's language, as far as we speak it."""
    wanted = contact.language or settings.LANGUAGE_CODE
    return "zh-hans" if wanted.lower().startswith("zh") else "en"


def invitation(asked: Invitation) -> EmailMultiAlternatives:
    """The mail of an invitation, the same each time it is made."""
    url = settings.PUBLIC_URL.rstrip("/") + reverse("survey-answer", args=[asked.token])
    question = asked.survey.questions.filter(type=Question.Type.SCORE).first()
    with translation.override(language_of(asked.contact)):
        shown = {
            "invitation": asked,
            "survey": asked.survey,
            "ticket": asked.ticket,
            "question": question,
            "url": url,
            "LANGUAGE_CODE": translation.get_language(),
            "links": [(score, f"{url}?score={score}") for score in asked.survey.scale],
        }
        return EmailMultiAlternatives(
            subject=" ".join(asked.survey.subject.split()),
            body=render_to_string("surveys/mail/invitation.txt", shown),
            to=[asked.contact.email],
            headers={"Message-ID": message_id(asked), "Auto-Submitted": "auto-generated"},
            alternatives=[(render_to_string("surveys/mail/invitation.html", shown), "text/html")],
        )


def message_id(asked: Invitation) -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<survey-invitation-{asked.pk}-{asked.nonce[:16]}@{host}>"
