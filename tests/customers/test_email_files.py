"""Files go out with a letter, come in with one, and belong to it as they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from crm.actions import attachments, mail_receiving
from crm.actions.enclosures import offered
from crm.models import Attachment, Event, IncomingMail, MailAccount
from customers.actions import email_sending, emails
from customers.models import Email
from tests.factories.customers import make_contact, make_customer
from tests.factories.sales import make_quote

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 of the price list"


@pytest.fixture
def acme(cast, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    customer = make_customer(cast.rep, "Acme Ltd")
    contact = make_contact(cast.rep, "Carla Contact", customer=customer, email="carla@acme.example")
    return customer, contact


def test_chosen_files_of_the_record_are_copied_sent_and_stay_as_they_were_sent(cast, acme, client, now):
    customer, _contact = acme
    prices, other = attachments.add(
        customer, [ContentFile(PDF, "Prices.pdf"), ContentFile(b"x", "x.txt")], by=cast.rep, at=now
    )
    theirs = make_customer(cast.outsider)
    [secret] = attachments.add(theirs, [ContentFile(b"secret", "secret.txt")], by=cast.outsider, at=now)
    client.force_login(cast.rep)
    page = client.get(reverse("email-new"), {"customer": customer.pk}).content.decode()
    assert ("Prices.pdf" in page, "secret.txt" in page) == (True, False)
    letter = {"customer": customer.pk, "to": "carla@acme.example", "subject": "Prices", "text": "Enclosed."}
    refused = client.post(reverse("email-new"), letter | {"enclosures": [f"file:{secret.pk}"]})
    assert (refused.status_code, Email.objects.count()) == (422, 0)
    sent = client.post(reverse("email-new"), letter | {"enclosures": [f"file:{prices.pk}"], "is_shared": "on"})
    assert sent.status_code == 302
    attachments.remove(prices, by=cast.rep, at=now)
    later = timezone.now() + timedelta(days=60)
    attachments.clear_away(later)
    assert email_sending.send_next(later)
    assert django_mail.outbox[0].attachments == [("Prices.pdf", PDF, "application/pdf")]
    email = Email.objects.get()
    [copy] = Attachment.objects.about(email)
    assert Attachment.objects.visible_to(cast.teammate).filter(pk=copy.pk).exists()  # they see what was shared
    assert not Attachment.objects.visible_to(cast.outsider).filter(pk=copy.pk).exists()
    assert not Event.objects.filter(data__icontains="Prices.pdf", subject_kind="email").exists()
    page = client.get(email.get_absolute_url()).content.decode()
    assert reverse("attachment-download", args=[copy.pk]) in page
    assert client.post(reverse("attachment-removal", args=[copy.pk])).status_code == 403
    assert client.post(reverse("record-files", args=["email", email.pk])).status_code == 404
    emails.keep_private(email, by=cast.rep, at=now)
    assert not Attachment.objects.visible_to(cast.teammate).filter(pk=copy.pk).exists()
    assert other in Attachment.objects.alive()


COMING = b"""From: Carla <carla@acme.example>
To: rosa@ours.example
Subject: Signed
Message-ID: <signed@acme>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Signed, see enclosed.
--b
Content-Type: text/html; name="=?utf-8?b?5ZCI5ZCMLmh0bWw=?="
Content-Disposition: inline; filename="=?utf-8?b?5ZCI5ZCMLmh0bWw=?="

<script>alert(1)</script>
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="../../etc/setup.exe"
Content-Transfer-Encoding: base64

TVqQAAMAAAAEAAAA
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="large.txt"

0123456789012345678901234567890123456789
--b--
"""


def test_files_of_a_letter_that_came_in_are_kept_inert_and_what_is_not_is_named(cast, acme, client, now, settings):
    settings.ATTACHMENT_MAX_BYTES = 30
    account = MailAccount.objects.create(owner=cast.rep, address="rosa@ours.example", name="Rosa")
    incoming = IncomingMail.objects.create(account=account, validity=1, uid=1, raw=COMING, fetched_at=now)
    mail_receiving.file(incoming.pk, now)
    email = Email.objects.get()
    assert (email.text, email.attachments) == ("Signed, see enclosed.", ["../../etc/setup.exe", "large.txt"])
    [kept] = Attachment.objects.about(email)
    assert (kept.name, kept.content_type, kept.by) == ("合同.html", "text/plain", None)
    client.force_login(cast.rep)
    answer = client.get(reverse("attachment-download", args=[kept.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert (answer["X-Content-Type-Options"], answer["Content-Security-Policy"]) == (
        "nosniff", "default-src 'none'; sandbox",
    )  # fmt: skip
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    client.force_login(cast.teammate)  # it is private
    assert client.get(reverse("attachment-download", args=[kept.pk])).status_code == 404


def test_a_quote_is_mailed_from_its_page_with_its_link_and_on_paper(cast, acme, client, now, settings):
    settings.PUBLIC_URL = "https://crm.example.com"
    customer, contact = acme
    draft = make_quote(cast.rep, customer=customer, contact=contact, at=now)
    assert offered(cast.rep, draft) == []
    quote = make_quote(cast.rep, customer=customer, contact=contact, at=now, sent=True)
    client.force_login(cast.rep)
    url = f"{reverse('email-new')}?about_kind=quote&about_id={quote.pk}"
    assert url.replace("&", "&amp;") in client.get(quote.get_absolute_url()).content.decode()
    form = client.get(url).context["form"]
    assert (form.initial["to"], form.initial["subject"]) == ("carla@acme.example", f"Our quote {quote}")
    assert form.initial["text"] == (
        f"Dear Carla Contact,\n\nenclosed you find our quote {quote} of $119.00, valid until June 12, 2026."
        f" You can read and answer it here:\n{quote.link}\n\nRosa Rep"
    )
    assert form["enclosures"].value() == [f"quote:{quote.pk}"]
    letter = {
        "customer": customer.pk, "to": "carla@acme.example", "subject": form.initial["subject"],
        "text": form.initial["text"], "about_kind": "quote", "about_id": quote.pk, "is_shared": "on",
        "enclosures": [f"quote:{quote.pk}"], "submit_once": "1",
    }  # fmt: skip
    type(contact).objects.filter(pk=contact.pk).update(do_not_contact=True)
    refused = client.post(reverse("email-new"), letter)
    assert "does not want to be contacted" in refused.content.decode()
    assert (refused.status_code, Email.objects.count(), Attachment.objects.count()) == (422, 0, 0)
    type(contact).objects.filter(pk=contact.pk).update(do_not_contact=False)
    for _twice in range(2):
        assert client.post(reverse("email-new"), letter).status_code == 302
    assert [email_sending.send_next(timezone.now()) for _twice in range(2)] == [True, False]
    [sent] = django_mail.outbox
    [(name, content, type_)] = sent.attachments
    assert (name, content[:5], type_) == (f"{quote}.pdf", b"%PDF-", "application/pdf")
    for page in (quote, customer):  # filed where it belongs
        assert f"Our quote {quote}" in client.get(page.get_absolute_url()).content.decode()
    # Who may read the quote and not change it is told no link.
    client.force_login(cast.analyst)
    if client.get(quote.get_absolute_url()).status_code == 200:
        assert quote.link not in client.get(url).content.decode()
