import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

application = get_wsgi_application()

# Every view is loaded before the workers are forked, and nobody's first page waits for that. What is there by now
# stays: else the collector walks all of it again now and then, a tenth of a second in the middle of a request.
get_resolver().url_patterns  # noqa: B018  reading it loads them
gc.collect()
gc.freeze()
