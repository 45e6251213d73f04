"""What `manage.py` says when it cannot begin."""

import pytest
from django.db import OperationalError

import manage


def test_a_database_out_of_reach_is_one_sentence_and_every_other_trouble_keeps_its_stack(monkeypatch):
    troubles = [
        'connection failed: connection to server at "db.example", port 5432 failed: Connection refused\n\tIs it?',
        "deadlock detected",
    ]

    def fail(_arguments: list[str]) -> None:
        raise OperationalError(troubles.pop(0))

    monkeypatch.setattr("django.core.management.execute_from_command_line", fail)
    with pytest.raises(SystemExit) as ended:
        manage.main()
    assert str(ended.value) == (
        'The database cannot be reached (connection failed: connection to server at "db.example", port 5432 failed: '
        "Connection refused): look at DATABASE_URL."
    )
    with pytest.raises(OperationalError, match="deadlock"):
        manage.main()
