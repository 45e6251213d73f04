"""The one way out: requests to addresses that people typed, which never reach this machine or its network.

A name is resolved once, every address it has must be public, and the connection goes to the address that was
checked; redirects are not followed. What may be reached inside all the same is said by OUTGOING_NETWORKS.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

CONNECT, TOTAL = 5.0, 15.0  # seconds until there is a connection, until there is an answer
KEPT = 500  # bytes of an answer
PORTS = {"http": 80, "https": 443}
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses, as networks without IPv4 write them

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unreachable(Exception):
    """There was no answer; the sentence says why."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str  # its beginning
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)  # by their names in small letters

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send the body and return what was answered, whatever its status. Raises Unreachable."""
    return _ask("POST", url, body, headers, KEPT)


def get(url: str, headers: Mapping[str, str], *, most: int) -> Answer:
    """What stands there, whatever its status; an answer of more bytes than `most` is none. Raises Unreachable."""
    answer = _ask("GET", url, None, headers, most + 1)
    if len(answer.text.encode()) > most:
        raise Unreachable(_("The answer is too large."))
    return answer


def _ask(method: str, url: str, body: bytes | None, headers: Mapping[str, str], kept: int) -> Answer:
    parts = checked(url)
    begun = time.monotonic()
    assert parts.hostname is not None
    address = _public_address(parts.hostname, _port(parts))
    try:
        with socket.create_connection((str(address), _port(parts)), timeout=CONNECT) as plain:
            plain.settimeout(TOTAL)
            # One that answers a byte at a time would be waited for as long as it likes.
            watch = threading.Timer(TOTAL, plain.shutdown, [socket.SHUT_RDWR])
            watch.daemon = True
            watch.start()
            try:
                return _exchange(plain, parts, (method, body, headers), kept, begun)
            finally:
                watch.cancel()
    except ssl.SSLError as error:
        raise Unreachable(_("No secure connection: %(reason)s.") % {"reason": error.reason or error}) from error
    except TimeoutError as error:
        raise Unreachable(_("No answer within %(seconds)d seconds.") % {"seconds": TOTAL}) from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(
            _("The connection failed: %(reason)s.") % {"reason": error or type(error).__name__}
        ) from error


def connection(name: str, port: int, *, only_inside: bool = False) -> socket.socket:
    """A connection to a mail server that people named, by the same rules. Raises Unreachable.

    `only_inside` is for what must not cross the internet: the address has to be one of OUTGOING_NETWORKS.
    """
    address = _public_address(name, port)
    if only_inside and not any(address in network for network in settings.OUTGOING_NETWORKS):
        raise Unreachable(_("Without encryption only servers of the organisation's own network are asked."))
    try:
        return socket.create_connection((str(address), port), timeout=TOTAL)
    except TimeoutError as error:
        raise Unreachable(_("No answer within %(seconds)d seconds.") % {"seconds": TOTAL}) from error
    except OSError as error:
        raise Unreachable(_("The connection failed: %(reason)s.") % {"reason": error}) from error


def checked(url: str) -> SplitResult:
    """The parts of an address that may be asked at all, before its name is looked up. Raises Unreachable."""
    try:
        parts = urlsplit(url)
        port = _port(parts) if parts.scheme in PORTS else None
    except ValueError:
        raise Unreachable(_("This is not an address.")) from None
    if not port or not parts.hostname or not url.isascii() or any(char <= " " for char in url):
        raise Unreachable(_("An address begins with https:// or http:// and names a server."))
    if parts.username is not None or parts.password is not None:
        raise Unreachable(_("An address holds no name and no password."))
    written = _written(parts.hostname)
    if written is not None and not _may_be_reached(written):
        raise Unreachable(_("%(name)s is not on the public internet.") % {"name": parts.hostname})
    return parts


def _written(name: str) -> Address | None:
    """The address that stands there itself, in whatever way: 127.1 and 0x7f000001 are one too."""
    if name == "localhost" or name.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except OSError:
        return None


def _port(parts: SplitResult) -> int:
    return parts.port or PORTS[parts.scheme]


def _public_address(name: str, port: int) -> Address:
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(_("There is no server %(name)s.") % {"name": name}) from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(_may_be_reached(address) for address in addresses):
        raise Unreachable(_("%(name)s is not on the public internet.") % {"name": name})
    return addresses[0]


def _may_be_reached(address: Address) -> bool:
    if any(address in network for network in settings.OUTGOING_NETWORKS):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if address in TRANSLATED:
            return False
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(one is not None and not _may_be_reached(one) for one in inner):
            return False
    return address.is_global and not address.is_multicast


def _exchange(
    plain: socket.socket,
    parts: SplitResult,
    request: tuple[str, bytes | None, Mapping[str, str]],
    kept: int,
    begun: float,
) -> Answer:
    assert parts.hostname is not None
    method, body, headers = request
    connection = http.client.HTTPConnection(parts.hostname, _port(parts))
    connection.sock = plain
    if parts.scheme == "https":
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = {"Host": parts.netloc, "Connection": "close"}
        connection.request(method, target, body, {**host, **headers})
        answer = connection.getresponse()
        text = answer.read(kept).decode("utf-8", "replace").replace("\x00", "")
        said = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, text, time.monotonic() - begun, said)
    finally:
        connection.close()
