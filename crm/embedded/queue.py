"""Messages to the worker as files, where there is no Redis: kombu's own, but for how a message is put there."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu import transport
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):  # type: ignore[misc]
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]  # as its parent
        """A message is there as a whole or not at all: a worker that came upon half of one died of it, and with it
        everything that `manage.py up` runs."""
        whole = Path(self.data_folder_out, f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg")
        part = whole.with_suffix(".part")
        try:
            part.write_text(dumps(payload))
            os.replace(part, whole)
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {whole.parent}: {error}") from error


class Transport(filesystem.Transport):  # type: ignore[misc]
    Channel = Channel


def install() -> None:
    """From now on it is what `filesystem://` means in this process."""
    transport.TRANSPORT_ALIASES["filesystem"] = f"{__name__}:{Transport.__name__}"
