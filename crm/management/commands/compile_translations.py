from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compiles locale/**/*.po without gettext's own tools, which a bare machine has not."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
                target = source.with_suffix(".mo")
                if target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
                    continue
                catalogue = polib.pofile(str(source))
                fresh = target.with_suffix(".mo.new")
                catalogue.save_as_mofile(str(fresh))
                fresh.replace(target)
                if options["verbosity"]:
                    self.stdout.write(f"{source}: {catalogue.percent_translated()} % translated")
