"""One settings file, read from the environment. With nothing set, everything runs on this machine under var/."""

import os
from pathlib import Path

import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm import environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("YARDSTICK_VAR") or BASE_DIR / "var").absolute()

DATABASE_URL = os.environ.get("DATABASE_URL", "")
REDIS_URL = os.environ.get("REDIS_URL", "")
EMBEDDED = not DATABASE_URL

# On one machine, plain HTTP on localhost is what a browser gets; elsewhere HTTPS is assumed.
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
LOCAL = not environment.words("ALLOWED_HOSTS")
DEBUG = environment.flag("DEBUG")
SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY:
    if not LOCAL:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS is set, so this is not a local try-out: set SECRET_KEY too "
            "(python -c 'import secrets; print(secrets.token_urlsafe(64))')."
        )
    SECRET_KEY = environment.secret_file(VAR_DIR / "secret-key")

INSTALLED_APPS = [
    "evaluation",
    "surveys",
    "service",
    "customers.sales",
    "customers",
    "crm",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm.web.middleware.CompressedPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "crm.web.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "crm.web.sessions.SessionActivityMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "crm.web.middleware.PersonMiddleware",
    "crm.web.middleware.CustomFieldsMiddleware",
    "crm.web.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.web.htmx_answers.HtmxAnswersMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "crm.web.templating.Templates",
        "NAME": "django",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "crm.web.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "crm.templatetags.components",
                "crm.templatetags.form_fields",
                "crm.templatetags.sentences",
                "crm.templatetags.values",
                "crm.templatetags.custom_fields",
            ],
        },
    },
]

FILTERS_EMPTY_CHOICE_LABEL = pgettext_lazy("filter", "any")  # other empty choices: crm/templatetags/form_fields.py
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # templates/django/forms/widgets/select.html

# Database -----------------------------------------------------------------------------------------------------------

if EMBEDDED:
    DATABASES = {"default": {"ENGINE": "crm.embedded.postgresql", "NAME": "yardstick", "VAR_DIR": VAR_DIR}}
else:
    DATABASES = {"default": environment.database(DATABASE_URL)}
    # Compiling a statement takes longer than most of ours run: a quarter's KPI, 1.3 s of it, then 2.7 s for nothing.
    # And to try every order of a list's eight joins, each of one row by its key, 40 ms of its 41.
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c jit=off -c join_collapse_limit=5")
DATABASES["default"]["CONN_MAX_AGE"] = environment.number("CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# Cache and broker ---------------------------------------------------------------------------------------------------

if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CELERY_BROKER_URL = REDIS_URL
    # Longer than any task may run, so that a slow one is not handed out twice.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"visibility_timeout": 3600}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "crm_cache"}}
    CELERY_BROKER_URL = "filesystem://"
    _queue = VAR_DIR / "queue"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(VAR_DIR / "queue-control"),
        "store_processed": False,
        "polling_interval": 0.2,  # seconds: what was said is heard sooner, and so is the order to stop
    }
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 3000  # below the visibility timeout
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    # The doorbell may be lost; this is what finds the work all the same.
    "deliver-events": {"task": "crm.deliver_events", "schedule": 60.0},
    "call-webhooks": {"task": "crm.call_webhooks", "schedule": 60.0},
    "minute-tick": {"task": "crm.minute_tick", "schedule": 60.0},
}

# People -------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "crm.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "crm.web.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators create the accounts; there is no sign-up
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # whoever has no account is not written to: they could not make one
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Yardstick CRM"
USERSESSIONS_TRACK_ACTIVITY = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

# Languages and time -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["crm.locales"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE", "UTC")  # where periods are cut; each person sees their own zone

# Numbers written without a country code are read as of there ("CN", "GB"); unset, they are kept as typed.
PHONE_REGION = os.environ.get("PHONE_REGION") or None

# The map of customers is drawn from what is installed here. Where a server of map pictures is named, their address with
# {z}, {x} and {y} in it, its page shows those of that server, with the words that it asks for.
MAP_TILES = environment.tiles("MAP_TILES")
MAP_ATTRIBUTION = os.environ.get("MAP_ATTRIBUTION", "")

# Files --------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": os.environ.get("MEDIA_ROOT") or VAR_DIR / "files",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if os.environ.get("FILE_STORAGE"):  # an S3-like store: its class and, as JSON, its options
    STORAGES["default"] = environment.storage(os.environ["FILE_STORAGE"], os.environ.get("FILE_STORAGE_OPTIONS", ""))
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
ATTACHMENT_MAX_BYTES = environment.number("ATTACHMENT_MAX_MB", 25) * 1024 * 1024
ATTACHMENTS_PER_UPLOAD = environment.number("ATTACHMENTS_PER_UPLOAD", 20)
ATTACHMENTS_PER_RECORD = environment.number("ATTACHMENTS_PER_RECORD", 200)
ATTACHMENT_BIN_DAYS = environment.number("ATTACHMENT_BIN_DAYS", 30)
DATA_UPLOAD_MAX_NUMBER_FILES = ATTACHMENTS_PER_UPLOAD + 1
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # a bulk selection of 10,000 rows

# Mail ---------------------------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Yardstick CRM <crm@localhost>")
EMAIL_TIMEOUT = 20
if os.environ.get("EMAIL_URL"):
    globals().update(environment.mail(os.environ["EMAIL_URL"]))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
# Links in mail need the public address; requests have their own.
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://localhost:8000" if LOCAL else f"https://{ALLOWED_HOSTS[0]}")

# Safety -------------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "crm.web.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = False  # htmx sends it back as a header
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY = environment.flag("BEHIND_PROXY")
if SECURE_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if not LOCAL:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = environment.flag("SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if "*" not in host]

# API ----------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["crm.api.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "crm.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["crm.api.filters.KnownFilters"],
    "DEFAULT_SCHEMA_CLASS": "crm.api.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["crm.api.throttles.PersonThrottle"],
    "DEFAULT_THROTTLE_RATES": {"person": os.environ.get("API_RATE", "600/min")},
    "EXCEPTION_HANDLER": "crm.api.errors.problem",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Yardstick CRM",
    "VERSION": "1",
    "DESCRIPTION": "Reads and writes with the very permissions of the token's owner.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CampaignState": "customers.sales.models.campaign.Campaign.State",
        "CampaignMemberState": "customers.sales.models.campaign_member.MemberState",
        "CostCategory": "customers.sales.models.cost.Cost.Category",
        "CompetitorState": "customers.sales.models.competitor.CompetitorState",
        "ActivityType": "customers.models.activity.Activity.Type",
        "EmailDirection": "customers.models.email.Email.Direction",
        "EmailState": "customers.models.email.Email.State",
        "ActivityOutcome": "customers.models.activity.Activity.Outcome",
        "ContractMovementType": "customers.sales.models.contract_movement.ContractMovement.Type",
        "QuoteState": "customers.sales.models.quote.Quote.State",
        "ContactPointType": "customers.models.contact_point.ContactPoint.Type",
        "ConsentState": "customers.models.consent.Consent.State",
        "ErasureReason": "customers.models.erasure.ErasureRequest.Reason",
        "LeadConditionHow": "customers.sales.models.lead_condition.How",
        "StageOutcome": "customers.sales.models.pipeline.Stage.Outcome",
    },
}

# Logs: JSON, with a request id, without personal data ---------------------------------------------------------------

_LOG_STEPS = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(),
            "foreign_pre_chain": _LOG_STEPS,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}
structlog.configure(
    processors=[*_LOG_STEPS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
)

# Where requests to addresses that people typed may go beside the public internet: "10.1.0.0/16", for example.
OUTGOING_NETWORKS = environment.networks("OUTGOING_NETWORKS")
# Meta's Graph API with its version: a newer one is asked for here.
PAPER_FONT = os.environ.get("PAPER_FONT", "")  # put into PDFs; else one that is installed (crm/web/paper_fonts.py)
FACEBOOK_GRAPH_URL = os.environ.get("FACEBOOK_GRAPH_URL", "https://graph.facebook.com/v25.0").rstrip("/")

# The organisation ---------------------------------------------------------------------------------------------------

IMPORT_UNDO_DAYS = environment.number("IMPORT_UNDO_DAYS", 30)  # so long imports can be undone, and files are kept
CURRENCY = os.environ.get("CURRENCY", "USD")  # reports add up in this currency
LANGUAGE_NAMES = {"en": _("English"), "zh-hans": _("Chinese")}
SILENCED_SYSTEM_CHECKS: list[str] = []
