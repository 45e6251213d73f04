"""A real server on this machine, for what the product asks of other servers."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]


class Answering(BaseHTTPRequestHandler):
    """Without a line on the terminal for every request."""

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(handler: type[Answering], settings: Any, **state: Any) -> Iterator[Any]:
    """A server that the product may call; `state` is what its handler finds on `self.server`."""
    settings.OUTGOING_NETWORKS = NETWORKS
    server = HTTPServer(("127.0.0.1", 0), handler)
    server.__dict__.update(state, address=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
