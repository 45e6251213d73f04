"""What is wrong with the folder is said in one sentence, and nothing in it is changed."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.embedded import cluster, locks
from crm.embedded.layout import Layout
from tests.crm.embedded_users import IDENTITIES, NAMES, PROJECT, Someone, eventually, hear, is_gone, leave


@pytest.fixture(params=IDENTITIES, ids=NAMES)
def someone(request: pytest.FixtureRequest) -> Iterator[Someone]:
    person = Someone(request.param)
    yield person
    person.tidy_up()


@pytest.fixture
def stopped(someone: Someone) -> Someone:
    """With a database made and its server stopped."""
    someone.begin_with_a_database()
    someone.ask("CREATE TABLE kept (n int)")
    assert eventually(lambda: is_gone(someone))
    return someone


def is_one_sentence(text: str) -> bool:
    return "\n" not in text and text.endswith(".") and ". " not in text


def test_a_folder_that_cannot_be_written_is_named(someone: Someone) -> None:
    # No mode of a folder stops root, but the kernel's own folders do.
    if os.geteuid() == 0 and someone.who is None:
        root = Path("/sys/yardstick/postgres")
    else:
        root = someone.base / "closed" / "postgres"
        root.parent.mkdir(mode=0o500)
        if someone.who is not None:
            someone.who.own(root.parent)
    error = someone.ask(root=root)["error"]
    assert error.startswith(f"The folder {root.parent if root.parent.exists() else root.parents[1]}")
    assert "cannot be written" in error
    assert "YARDSTICK_VAR" in error
    assert is_one_sentence(error)
    assert not root.exists()


@pytest.fixture
def tiny_disk(someone: Someone) -> Iterator[Path]:
    """A file system of 24 MB where this machine lets us mount one, else the folder with the wrong figures for it."""
    place = someone.base / "tiny"
    place.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=777", "tmpfs", str(place)], capture_output=True
    ).returncode
    if someone.who is not None:
        someone.who.own(place)
    yield place
    if mounted:
        assert eventually(lambda: not subprocess.run(["umount", str(place)], capture_output=True).returncode)


def test_a_disk_without_room_is_refused_before_anything_is_written(someone: Someone, tiny_disk: Path) -> None:
    # Where nothing can be mounted, every disk counts as too small.
    room = "" if os.path.ismount(tiny_disk) else str(1 << 60)
    error = someone.ask(root=tiny_disk / "postgres", ROOM_FOR_NEW=room)["error"]
    assert error.startswith(f"The disk of {tiny_disk / 'postgres'} is full (")
    assert is_one_sentence(error)
    assert not (tiny_disk / "postgres" / "data").exists()


def test_a_disk_that_fills_while_the_database_is_made_leaves_nothing_half_made(
    someone: Someone, tiny_disk: Path
) -> None:
    root = tiny_disk / "postgres"
    if os.path.ismount(tiny_disk):
        error = someone.ask(root=root, ROOM_FOR_NEW="1")["error"]
    else:
        root.mkdir()
        output = "creating configuration files ... initdb: error: could not write file: No space left on device\n"
        error = str(cluster._explain(Layout(root), output))
    assert error.startswith(f"The disk of {root} is full (")
    assert is_one_sentence(error)
    assert list(root.glob("data*")) == []


def test_data_of_another_major_version_is_left_alone(stopped: Someone) -> None:
    version = stopped.layout.data / "PG_VERSION"
    version.write_text("16\n")
    error = stopped.ask()["error"]
    assert "was made by PostgreSQL 16, and this package brings 18" in error
    assert "pg_dump" in error
    assert is_one_sentence(error)
    assert not (stopped.layout.data / "postmaster.pid").exists()
    version.write_text("18\n")
    assert stopped.ask("SELECT count(*) FROM kept")["rows"] == [[0]]


def test_a_running_server_of_another_installation_is_not_joined(someone: Someone) -> None:
    someone.begin_with_a_database()
    user = someone.start()
    started = hear(user)["started"]
    truth = someone.layout.claim.read_text()
    for field, value in (("project", "/srv/other"), ("kernel", "another"), ("processes", 1)):
        someone.layout.claim.write_text(json.dumps({**json.loads(truth), field: value}))
        error = someone.ask()["error"]
        assert "is in use by another installation" in error
        assert is_one_sentence(error)
    someone.layout.claim.write_text(truth)
    assert someone.ask()["started"] == started
    leave(user)


@pytest.mark.parametrize("where", ["on another machine", "in another container"])
def test_a_server_out_of_sight_is_believed_alive_as_long_as_it_gives_signs_of_life(
    stopped: Someone, where: str
) -> None:
    user = stopped.start()
    hear(user)
    claim = json.loads(stopped.layout.claim.read_text())
    leave(user)
    assert eventually(lambda: is_gone(stopped))
    changes = {"kernel": "another", "host": "elsewhere"} if where == "on another machine" else {"processes": 1}
    stopped.layout.claim.write_text(json.dumps({**claim, **changes}))
    error = stopped.ask()["error"]
    assert "is in use by another installation" in error
    assert "try again in 30 seconds" in error
    assert is_one_sentence(error)
    long_ago = time.time() - 31
    os.utime(stopped.layout.claim, (long_ago, long_ago))
    assert stopped.ask("SELECT count(*) FROM kept")["rows"] == [[0]]


def test_a_copy_made_while_the_server_ran_is_refused_and_one_made_after_is_not(stopped: Someone) -> None:
    user = stopped.start()
    hear(user)
    torn = stopped.base / "torn"
    subprocess.run(stopped.command([shutil.which("cp") or "cp", "-a", str(stopped.layout.root), str(torn)]), check=True)
    error = stopped.ask(root=torn)["error"]
    assert f"was copied from {stopped.layout.root} while it was running" in error
    assert str(torn / "claim.json") in error
    assert is_one_sentence(error)
    leave(user)
    assert eventually(lambda: is_gone(stopped))
    whole = stopped.base / "whole"
    shutil.copytree(stopped.layout.root, whole)
    for path in [whole, *whole.rglob("*")]:
        if stopped.who is not None:
            stopped.who.own(path)
    (whole / "data").chmod(0o700)
    assert stopped.ask("SELECT count(*) FROM kept", root=whole)["rows"] == [[0]]
    assert eventually(lambda: not locks.is_held(whole / "keeper.lock"))


def test_a_folder_with_other_peoples_files_is_not_touched(someone: Someone) -> None:
    someone.begin_with_a_database()
    (someone.layout.data / "PG_VERSION").unlink()
    error = someone.ask()["error"]
    assert error.startswith(f"{someone.layout.data} holds files, but no database")
    assert is_one_sentence(error)


def manage(someone: Someone, var: Path, command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "YARDSTICK_VAR": str(var), "YARDSTICK_EMBEDDED_FAST": ""}
    for name in ("DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS"):
        environment.pop(name, None)
    environment["DJANGO_SETTINGS_MODULE"] = "crm.settings"
    return subprocess.run(
        someone.command([sys.executable, str(PROJECT / "manage.py"), command]),
        env=environment,
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )


def test_manage_py_prints_the_sentence_in_one_line(stopped: Someone) -> None:
    (stopped.layout.data / "PG_VERSION").write_text("17\n")
    seen = manage(stopped, stopped.layout.root.parent, "migrate")
    assert seen.returncode == 1
    assert seen.stderr.count("\n") == 1
    assert "was made by PostgreSQL 17, and this package brings 18" in seen.stderr


@pytest.mark.parametrize("command", ["up", "migrate"])
def test_manage_py_names_a_folder_that_cannot_be_written_in_one_line(someone: Someone, command: str) -> None:
    seen = manage(someone, Path("/sys/yardstick"), command)
    assert seen.returncode == 1
    assert seen.stderr.count("\n") == 1
    assert "The folder /sys/yardstick cannot be written" in seen.stderr
    assert "YARDSTICK_VAR" in seen.stderr
