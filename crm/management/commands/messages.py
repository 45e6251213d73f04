from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from crm.management import catalogue


class Command(BaseCommand):
    help = "Bring the translation catalogue to the messages of the sources. Run it after changing a text."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
        added, dropped, empty = catalogue.update(path, catalogue.messages_of(settings.BASE_DIR))
        self.stdout.write(f"{added} added, {dropped} dropped, {empty} without translation: {path.name}")
