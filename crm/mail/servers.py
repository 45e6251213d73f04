"""Conversations with mail servers that people named: by the rules of crm/outgoing.py, and with errors in words."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from django.utils.translation import gettext as _

from crm import outgoing
from crm.mail import naming

TLS, STARTTLS, PLAIN = "tls", "starttls", "plain"
NO_SUCH_ADDRESS = (550, 551, 553)
LONGEST_LINE = 200  # characters of what a server said that are shown
LONGEST_VISIT = 120.0  # seconds: one that sends a byte at a time is not waited for any longer


class MailTrouble(Exception):
    """It did not work; the sentence says why. `for_good`: trying again would change nothing.

    `unknown` are the receivers of whom the server says that there is no such address.
    """

    def __init__(self, text: str, *, for_good: bool = False, unknown: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.for_good = for_good
        self.unknown = unknown


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)  # never in a log


class _Smtp(smtplib.SMTP):
    def __init__(self, server: Server) -> None:
        self.server = server
        super().__init__(local_hostname=naming.host(), timeout=outgoing.TOTAL)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        plain = outgoing.connection(host, port, only_inside=self.server.security == PLAIN)
        if self.server.security != TLS:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


class _Imap(imaplib.IMAP4):
    def __init__(self, server: Server) -> None:
        self.server = server
        super().__init__(server.host, server.port)

    def _create_socket(self, timeout: Any) -> socket.socket:
        plain = outgoing.connection(self.server.host, self.server.port, only_inside=self.server.security == PLAIN)
        if self.server.security != TLS:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.server.host)


@contextmanager
def smtp(server: Server) -> Iterator[smtplib.SMTP]:
    """A sending connection, signed in. Raises MailTrouble."""
    with _in_words():
        connection, watch = _Smtp(server), None
        try:
            connection._host = server.host  # type: ignore[attr-defined]  # the name STARTTLS checks
            code, said = connection.connect(server.host, server.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
            watch = _watch(connection.sock)
            if server.security == STARTTLS:
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            yield connection
        finally:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            if watch is not None:
                watch.cancel()


@contextmanager
def imap(server: Server) -> Iterator[imaplib.IMAP4]:
    """A reading connection, signed in. Raises MailTrouble."""
    with _in_words():
        connection = _Imap(server)
        watch = _watch(connection.socket())
        try:
            if server.security == STARTTLS:
                connection.starttls(ssl.create_default_context())
            connection.login(server.user, server.password)
            yield connection
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                connection.logout()
            with suppress(OSError):  # one that hung up in between is not closed by that
                connection.shutdown()
            watch.cancel()


def send(server: Server, message: EmailMessage, sender: str, receivers: list[str]) -> None:
    """Hand a letter over to the server. Raises MailTrouble."""
    with smtp(server) as connection:
        connection.send_message(message, from_addr=sender, to_addrs=receivers)


def _watch(connected: socket.socket | None) -> threading.Timer:
    def hang_up() -> None:
        with suppress(OSError):
            if connected is not None:
                connected.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(LONGEST_VISIT, hang_up)
    watch.daemon = True
    watch.start()
    return watch


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except outgoing.Unreachable as error:
        raise MailTrouble(str(error)) from error
    except smtplib.SMTPAuthenticationError as error:
        raise MailTrouble(_("The server refused the user name or the password."), for_good=True) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise refused(error) from error
    except smtplib.SMTPResponseException as error:
        text = _("The server answered: %(answer)s") % {"answer": f"{error.smtp_code} {_said(error.smtp_error)}"}
        raise MailTrouble(text, for_good=error.smtp_code >= 500) from error
    except ssl.SSLError as error:
        raise MailTrouble(_("No secure connection: %(reason)s.") % {"reason": error.reason or error}) from error
    except (imaplib.IMAP4.error, smtplib.SMTPException) as error:
        # imaplib has one error for everything; its text is what the server said.
        raise MailTrouble(_("The server answered: %(answer)s") % {"answer": _said(error)}) from error
    except TimeoutError as error:
        raise MailTrouble(_("No answer within %(seconds)d seconds.") % {"seconds": outgoing.TOTAL}) from error
    except OSError as error:
        raise MailTrouble(_("The connection failed: %(reason)s.") % {"reason": error}) from error


def refused(error: smtplib.SMTPRecipientsRefused) -> MailTrouble:
    said = "; ".join(f"{address}: {_said(answer[1])}" for address, answer in error.recipients.items())
    unknown = tuple(address for address, answer in error.recipients.items() if answer[0] in NO_SUCH_ADDRESS)
    text = _("The server does not take mail for %(whom)s.") % {"whom": said[:LONGEST_LINE]}
    return MailTrouble(text, for_good=all(answer[0] >= 500 for answer in error.recipients.values()), unknown=unknown)


def _said(answer: Any) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return " ".join(text.split())[:LONGEST_LINE]
