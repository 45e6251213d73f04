from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from evaluation.actions import health


class Command(BaseCommand):
    help = "Score the health of every customer now; prints how much changed."

    def handle(self, *args: Any, **options: Any) -> None:
        scored = health.score_all(now=timezone.now())
        self.stdout.write(json.dumps({"written": scored.written, "snapshots": scored.snapshots, "rated": scored.rated}))
