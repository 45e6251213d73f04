"""The story."""

from __future__ import annotations

from evaluation.demo.world import World


def play(world: World) -> None:
    return
