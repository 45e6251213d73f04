"""What the fences leave out that is the same for everybody who calls."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import pytest
from django.views import defaults
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture
def plain_refusals(monkeypatch):
    """All that a refusal has to say, without the shell around it, a third of what a call costs: test_shell_pages.py
    looks at those pages, and the canaries at the shell of all others."""
    plain = SimpleNamespace(render=lambda context=None, request=None: f"Refused: {context}")
    monkeypatch.setattr(defaults, "loader", SimpleNamespace(get_template=lambda name: plain))


@pytest.fixture(scope="session")
def description():
    """Of the API, which takes two seconds and is public."""
    return cache(lambda: SchemaGenerator().get_schema(request=None, public=True))


@pytest.fixture
def described_once(monkeypatch, description):
    describe = SchemaGenerator.get_schema

    def described(generator, request=None, public=False):
        return description() if public and request is not None else describe(generator, request, public)

    monkeypatch.setattr(SchemaGenerator, "get_schema", described)
