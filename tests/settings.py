"""Settings of the test run: the real thing, only quicker to hash and with mail kept in memory."""

import os

os.environ.setdefault("YARDSTICK_EMBEDDED_FAST", "1")

from crm.settings import *  # noqa: F403
from crm.settings import DATABASES, STORAGES

SECRET_KEY = "tests-only-" + "x" * 50
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# Two checkouts on one server must not share a test database.
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE", "test_" + str(DATABASES["default"]["NAME"]))}
# Tasks are called where a test wants them; a doorbell rung in a test wakes nobody.
CELERY_TASK_ALWAYS_EAGER = False
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
WHITENOISE_AUTOREFRESH = True  # nothing is collected for a test run; static files come from where they are made
