"""Settings of the worker that is killed: the test's database and the broker it is told."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.crm.killing.apps.KillingConfig"]
DATABASES["default"]["NAME"] = os.environ["KILL_DATABASE"]
CELERY_BROKER_URL = os.environ["KILL_BROKER"]
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
if CELERY_BROKER_URL.startswith("filesystem"):
    folder = os.environ["KILL_FOLDER"]
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": folder,
        "data_folder_out": folder,
        "control_folder": folder + "-control",
    }
