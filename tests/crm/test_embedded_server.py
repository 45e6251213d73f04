"""The embedded PostgreSQL lives as long as its users, whatever kills whom. Real servers, real deaths."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.embedded import locks
from crm.embedded.layout import Layout
from tests.crm.embedded_users import IDENTITIES, NAMES, Someone, eventually, hear, is_gone, leave, processes_in


@pytest.fixture(params=IDENTITIES, ids=NAMES)
def newcomer(request: pytest.FixtureRequest) -> Iterator[Someone]:
    """Without a database yet."""
    person = Someone(request.param)
    yield person
    person.tidy_up()


@pytest.fixture
def someone(newcomer: Someone) -> Someone:
    """With a database from an earlier use."""
    newcomer.begin_with_a_database()
    return newcomer


def test_many_users_at_once_share_one_server_that_stops_with_the_last(newcomer: Someone) -> None:
    users = [newcomer.start() for _ in range(4)]
    assert len({hear(user)["started"] for user in users}) == 1
    for user in users[1:]:
        leave(user)
    time.sleep(1.5)
    assert not is_gone(newcomer)
    leave(users[0])
    assert eventually(lambda: is_gone(newcomer))
    assert not (newcomer.layout.data / "postmaster.pid").exists()
    assert not newcomer.layout.claim.exists()


def test_what_was_written_is_there_after_a_restart(someone: Someone) -> None:
    first = someone.ask("CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('Süd'), ('华东')")
    assert eventually(lambda: is_gone(someone))
    second = someone.ask("SELECT word, upper(word) FROM kept ORDER BY word")
    assert second["rows"] == [["Süd", "SÜD"], ["华东", "华东"]]
    assert second["started"] != first["started"]


def test_killed_users_are_no_longer_counted(someone: Someone) -> None:
    users = [someone.start() for _ in range(3)]
    started = {hear(user)["started"] for user in users}
    for user in users[:2]:
        user.kill()
    time.sleep(1.5)
    assert {someone.ask()["started"]} == started
    users[2].kill()
    assert eventually(lambda: is_gone(someone))


def test_a_forked_child_counts_as_a_user(someone: Someone) -> None:
    parent = someone.start(FORK="1")
    started = hear(parent)["started"]
    parent.wait(10)
    time.sleep(1.5)
    assert not is_gone(someone)
    assert someone.ask()["started"] == started
    leave(parent)
    assert eventually(lambda: is_gone(someone))


@pytest.mark.parametrize("victim", ["keeper", "server"])
def test_after_a_killed_keeper_or_server_the_next_connection_starts_anew(someone: Someone, victim: str) -> None:
    # With the safeguards of real data: the server of the tests may lose what it has just confirmed.
    staying = someone.start("CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", YARDSTICK_EMBEDDED_FAST="")
    started = hear(staying)["started"]
    for _ in range(3):
        os.kill(getattr(someone, victim)(), signal.SIGKILL)
        seen = someone.ask("SELECT n FROM kept", YARDSTICK_EMBEDDED_FAST="")
        assert seen["rows"] == [[7]]
        assert seen["started"] != started
        started = seen["started"]
    leave(staying)
    assert eventually(lambda: is_gone(someone))


def test_a_killed_keeper_takes_the_server_with_it_even_when_nobody_comes_again(someone: Someone) -> None:
    user = someone.start()
    hear(user)
    os.kill(someone.keeper(), signal.SIGKILL)
    assert eventually(lambda: not processes_in(someone.base))


def test_a_server_whose_folder_was_removed_stops(someone: Someone) -> None:
    user = someone.start()
    hear(user)
    # The server removes files of its own while it stops: what has gone in between is no failure.
    shutil.rmtree(someone.base / "var", ignore_errors=True)
    assert eventually(lambda: not processes_in(someone.base))
    shutil.rmtree(someone.base / "var", ignore_errors=True)
    assert someone.ask("SELECT 1")["rows"] == [[1]]


def test_a_first_start_that_was_killed_half_way_does_not_hinder_the_next(newcomer: Someone) -> None:
    first = newcomer.start()
    assert eventually(lambda: bool(list(newcomer.layout.root.glob("data.new-*/PG_VERSION"))))
    first.kill()
    assert newcomer.ask("SELECT 1")["rows"] == [[1]]
    assert list(newcomer.layout.root.glob("data.new-*")) == []


def test_a_mark_left_by_a_process_number_that_now_belongs_to_another_is_not_believed(someone: Someone) -> None:
    user = someone.start()
    hear(user)
    mark = someone.layout.data / "postmaster.pid"
    text = mark.read_text()
    os.kill(someone.server(), signal.SIGKILL)
    assert eventually(lambda: is_gone(someone))
    mark.write_text(text.replace(text.split()[0], str(user.pid), 1))
    assert someone.ask("SELECT 1")["rows"] == [[1]]


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(newcomer: Someone) -> None:
    root = newcomer.base / ("long-" * 20) / "postgres"
    seen = newcomer.ask("SELECT 1", root=root)
    assert seen["rows"] == [[1]]
    sockets = Path(seen["host"])
    assert sockets.parent == Path(tempfile.gettempdir())
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert eventually(lambda: is_gone(newcomer) and not locks.is_held(Layout(root).keeper_lock))
    sockets.rmdir()


def test_a_folder_below_one_that_is_closed_to_others_is_opened_to_nobody(newcomer: Someone) -> None:
    newcomer.base.chmod(0o700)
    assert newcomer.ask("SELECT 1")["rows"] == [[1]]
    assert newcomer.base.stat().st_mode & 0o777 == 0o700


def test_nothing_listens_on_the_network_and_only_the_owner_reaches_the_socket(newcomer: Someone) -> None:
    seen = newcomer.ask("SELECT current_setting('listen_addresses'), current_setting('fsync')")
    assert seen["rows"] == [["", "off"]]
    assert Path(seen["host"]).stat().st_mode & 0o777 == 0o700
    assert newcomer.layout.data.stat().st_mode & 0o777 == 0o700


def test_real_data_is_served_with_every_safeguard() -> None:
    person = Someone(None)
    names = ["fsync", "synchronous_commit", "full_page_writes", "jit", "max_connections", "random_page_cost"]
    asked = ", ".join(f"current_setting('{name}')" for name in names)
    seen = person.ask(f"SELECT {asked}", YARDSTICK_EMBEDDED_FAST="")
    assert seen["rows"] == [["on", "on", "on", "off", "200", "1.1"]]
    person.tidy_up()
