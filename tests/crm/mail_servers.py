"""Mail servers on this machine, as small as their tests need them: one that takes mail, one that gives it out."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

PASSWORD = "correct horse"


class Post:
    """Takes every letter; refuses addresses at refused.example for good and busy.example for now."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.endswith("@refused.example"):
            return "550 No such user here"
        if address.endswith("@busy.example"):
            return "451 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content)
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        self.letters.append(message)
        return "250 OK"


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def smtp_server() -> Iterator[tuple[Post, int]]:
    def signs_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    post = Post()
    controller = _AnyPort(post, hostname="127.0.0.1", port=0, authenticator=signs_in, auth_require_tls=False)
    controller.start()
    try:
        yield post, controller.port
    finally:
        controller.stop()


class Mailbox:
    """UIDs and letters; `cut_after` hangs up once after so many letters."""

    def __init__(self) -> None:
        self.validity, self.letters, self.following = 7, {}, 1
        self.cut_after: int | None = None
        self.seen: list[str] = []

    def put(self, raw: bytes | str) -> int:
        uid, self.following = self.following, self.following + 1
        text = raw.encode() if isinstance(raw, str) else raw
        self.letters[uid] = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return uid

    def number_anew(self) -> None:
        self.validity += 1
        self.letters = {uid + 100: raw for uid, raw in self.letters.items()}
        self.following += 100


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.mailbox: Mailbox = self.server.mailbox  # type: ignore[attr-defined]
        self.say("* OK ready")
        for line in self.rfile:
            tag, command, *rest = line.decode().strip().split(" ", 2)
            self.mailbox.seen.append(command.upper())
            answer = getattr(self, f"on_{command.lower()}", self.on_other)("".join(rest))
            if answer is None:
                return
            self.say(f"{tag} {answer}")
            if command.upper() == "LOGOUT":
                return

    def say(self, line: str | bytes) -> None:
        self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def on_capability(self, rest: str) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def on_login(self, rest: str) -> str:
        return "OK signed in" if rest.endswith(f'"{PASSWORD}"') else "NO [AUTHENTICATIONFAILED] Wrong password"

    def on_examine(self, rest: str) -> str:
        if rest.strip('"') != "INBOX":
            return "NO There is no such folder"
        self.say(f"* {len(self.mailbox.letters)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.mailbox.validity}] valid")
        self.say(f"* OK [UIDNEXT {self.mailbox.following}] next")
        return "OK [READ-ONLY] opened"

    def on_uid(self, rest: str) -> str | None:
        what, _, query = rest.partition(" ")
        return self.search(query) if what.upper() == "SEARCH" else self.fetch(query)

    def search(self, query: str) -> str:
        uids = sorted(self.mailbox.letters)
        if found := re.match(r"UID (\d+):\*", query):
            uids = [uid for uid in uids if uid >= int(found[1])] or uids[-1:]
        self.say("* SEARCH " + " ".join(map(str, uids)))
        return "OK searched"

    def fetch(self, query: str) -> str | None:
        uid, what = query.split(" ", 1)
        raw = self.mailbox.letters.get(int(uid))
        if raw is None:
            return "OK nothing"
        if "RFC822.SIZE" in what:
            self.say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)})")
            return "OK fetched"
        if self.mailbox.cut_after is not None:
            if self.mailbox.cut_after == 0:
                self.mailbox.cut_after = None
                return None
            self.mailbox.cut_after -= 1
        part = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if "HEADER" in what else raw
        self.say(f"* 1 FETCH (UID {uid} BODY[] {{{len(part)}}}".encode() + b"\r\n" + part + b")")
        return "OK fetched"

    def on_logout(self, rest: str) -> str:
        self.say("* BYE")
        return "OK bye"

    def on_other(self, rest: str) -> str:
        return "BAD What?"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@contextmanager
def imap_server() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    with _Server(("127.0.0.1", 0), Session) as server:
        server.mailbox = mailbox  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield mailbox, server.server_address[1]
        server.shutdown()
        thread.join()
