"""A message in the queue of files is there as a whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from crm.embedded import queue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def channel(folder: Path):
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control")}
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


def test_nothing_stands_under_a_messages_name_before_it_is_written_to_its_end(channel, folder, monkeypatch):
    seen, replace = [], os.replace

    def looked_at(part, whole):
        seen.append((json.loads(Path(part).read_text()), Path(whole).exists(), channel._size("celery")))
        replace(part, whole)

    monkeypatch.setattr(queue.os, "replace", looked_at)
    channel._put("celery", {"body": "正文", "n": 1})

    assert seen == [({"body": "正文", "n": 1}, False, 0)]
    assert channel._size("celery") == 1
    assert channel._get("celery") == {"body": "正文", "n": 1}
    assert list(folder.glob("*.part")) == []


def test_each_message_is_got_once(channel):
    for number in range(3):
        channel._put("celery", {"n": number})
    assert sorted(channel._get("celery")["n"] for _ in range(3)) == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_folder_that_takes_nothing_is_named(channel, folder):
    channel.data_folder_out = folder / "gone"
    with pytest.raises(ChannelError, match="gone"):
        channel._put("celery", {"n": 1})
