"""What `manage.py up` runs beside its own preparations: the front end of `make run`."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from crm.embedded.beside import Beside, Failed
from tests.crm.embedded_users import PROJECT, eventually


def test_both_have_done_their_work_before_it_goes_on(tmp_path: Path) -> None:
    with Beside(f"sh -c 'sleep 0.3; echo built > {tmp_path}/built'") as other:
        assert not (tmp_path / "built").exists()
        other.finish()
        assert (tmp_path / "built").read_text() == "built\n"


def test_without_a_command_there_is_nothing_to_wait_for() -> None:
    with Beside("") as other:
        other.finish()


def test_where_it_fails_nothing_goes_on_and_the_command_is_named() -> None:
    with Beside("sh -c 'exit 3'") as other, pytest.raises(Failed) as failure:
        other.finish()
    assert str(failure.value) == "This failed, for the reason above: sh -c 'exit 3'"
    with pytest.raises(Failed):
        other.check()


def test_a_preparation_goes_no_further_than_the_failure(capfd: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    with pytest.raises(Failed), Beside("sh -c 'echo why >&2; exit 3'") as other:  # noqa: PT012
        while time.monotonic() < began + 30:
            other.check()
    assert time.monotonic() < began + 30
    assert capfd.readouterr().err == "why\n"


def test_who_is_interrupted_leaves_nothing_of_it_running(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = f"sh -c 'sh -c \"echo \\$\\$ > {mark}; exec sleep 60\"; true'"
    with pytest.raises(KeyboardInterrupt), Beside(program):  # noqa: PT012
        assert eventually(lambda: mark.exists() and mark.read_text() != "", 30)
        raise KeyboardInterrupt
    pid = mark.read_text().strip()
    assert eventually(lambda: not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text(), 10)


def test_make_run_builds_the_front_end_beside_the_preparation_of_the_database() -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    how: dict[str, Any] = {"cwd": PROJECT, "env": ours, "capture_output": True, "text": True, "check": True}
    told = subprocess.run(["make", "--dry-run", "run"], **how).stdout
    assert told.splitlines()[-1] == (
        "exec .venv/bin/python manage.py up --beside 'make --no-print-directory --silent frontend' "
    )
