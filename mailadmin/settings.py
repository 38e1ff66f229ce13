"""One settings file. What differs between sites comes from the environment; docs/settings.md lists it all.

Each secret may also be given as a file: SECRET_KEY_FILE, DATABASE_URL_FILE, CELERY_BROKER_URL_FILE.
"""

import os
import re
import socket
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")


class Environment(environ.FileAwareEnv):
    """NAME, or the text of the file NAME_FILE. Nonsense is refused in one line that names the variable."""

    def get_value(self, var: str, cast: object = None, *args: object, **kwargs: object) -> object:
        try:
            raw = self.ENVIRON.get(var)
            # The library would take "$NAME" for a reference to another variable: a secret may begin with it.
            literal = cast in (None, str) and isinstance(raw, str) and raw.startswith("$")
            value = raw if literal else super().get_value(var, cast, *args, **kwargs)
        except OSError as error:
            raise ImproperlyConfigured(f"{var}_FILE: {error.filename}: {error.strerror}.") from None
        except ValueError:
            raise ImproperlyConfigured(f"{var} is not a whole number.") from None
        if cast is bool and os.environ.get(var, "no").lower() not in BOOLEAN_TEXTS:
            raise ImproperlyConfigured(f"{var} must be one of true and false.")
        # A file ends with a line feed, a secret does not.
        return value.rstrip("\r\n") if isinstance(value, str) else value


BOOLEAN_TEXTS = ("true", "false", "on", "off", "yes", "no", "ok", "y", "n", "1", "0", "")
env = Environment()


def whole_number(name: str, default: int, *, low: int, high: int) -> int:
    value = env.int(name, default=default)
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must be from {low} to {high}, not {value}.")
    return int(value)


def site_url(name: str) -> str:
    """'https://mail.example.org', or empty: only a scheme and a host, for the pages know their own paths."""
    text = env.str(name, default="").rstrip("/")
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if text and not (valid and text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc):
        raise ImproperlyConfigured(f"{name} must be like https://mail.example.org, not {text!r}.")
    return str(text)


def mail_from(name: str, default: str) -> str:
    """'postmaster@example.org', or with a name: 'Mail of Example <postmaster@example.org>'."""
    text = env.str(name, default="") or default
    _name, address = parseaddr(text)
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address) or not text.isprintable():
        raise ImproperlyConfigured(f"{name} must be an address, or NAME <ADDRESS>, not {text!r}.")
    return str(text)


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(text.strip()) for text in env.list(name, default=[])]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be networks such as 10.0.0.0/8: {error}.") from None


def some_of(name: str, choices: tuple[str, ...]) -> list[str]:
    values = [value.strip() for value in env.list(name, default=[])]
    unknown = [value for value in values if value not in choices]
    if unknown:
        raise ImproperlyConfigured(f"{name} must be some of {', '.join(choices)}, not {', '.join(unknown)}.")
    return values


def one_of(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env.str(name, default=default) or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return str(value)


# -- The site ---------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it, or SECRET_KEY_FILE; 'make run' writes one to var/secret_key."
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # what these signed or sealed still opens
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Addresses of the reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
HTTPS = env.bool("HTTPS", default=False)
# Where people find these pages, for the links in mails: never what a client says in its Host header. Empty: no mail
# with a link is sent, so that who forgot a password needs an administrator.
SITE_URL = site_url("SITE_URL")
HOSTNAME = socket.gethostname()

INSTALLED_APPS = [
    "mailadmin.accounts",
    "mailadmin.audit",
    "mailadmin.letters",
    "mailadmin.mailhost",
    "mailadmin.pages",
    "mailadmin.api",
    "mailadmin.scim",
    "mailadmin.webhooks",
    "domains",
    "aliases",
    "mailboxes",
    "vacations",
    "app_passwords",
    "people",
    "bulk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",  # its table is unused since ours has more columns; migrations name it
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "bootstrap",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "mailadmin.accounts.middleware.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mailadmin.accounts.middleware.NotKeptMiddleware",
    "mailadmin.accounts.middleware.BodyLimitMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "mailadmin.accounts.middleware.TimeZoneMiddleware",
    "mailadmin.accounts.obligations.ObligationsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "mailadmin.urls"
WSGI_APPLICATION = "mailadmin.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mailadmin.pages.context.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
# Bodies larger than this are refused before they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# -- Data -------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR}/mailadmin.sqlite3"
if not DATABASE_URL.startswith(("sqlite:///", "mysql://")):
    raise ImproperlyConfigured("DATABASE_URL must be sqlite:///PATH or mysql://USER:PASSWORD@HOST:PORT/NAME.")
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.mysql":
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        charset="utf8mb4",
        # Lookups compare bytes: Postfix and Dovecot ask in lower case, and 'é' is not 'e'.
        collation="utf8mb4_bin",
        isolation_level="read committed",
        connect_timeout=5,
        init_command="SET time_zone='+00:00', sql_mode='STRICT_TRANS_TABLES', innodb_lock_wait_timeout=10",
    )
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"}
else:
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        timeout=20,
        # A write transaction takes the write lock at its start, so that what it read is still so when it writes.
        transaction_mode="IMMEDIATE",
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# -- People -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["mailadmin.accounts.backends.AccountBackend"]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "pages:home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
PASSWORD_HASHERS = [
    "mailadmin.accounts.hashers.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_MIN_LENGTH = whole_number("PASSWORD_MIN_LENGTH", 10, low=8, high=128)
PASSWORD_MAX_LENGTH = 1024
# From 0 to 4, as zxcvbn counts: 3 needs 10**8 guesses or more, 4 10**10.
PASSWORD_MIN_SCORE = whole_number("PASSWORD_MIN_SCORE", 3, low=0, high=4)
# The site's own words, which make no password: the name of the firm, its products, its street.
PASSWORD_WORDS = env.list("PASSWORD_WORDS", default=[])
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "mailadmin.accounts.passwords.LengthValidator"},
    {"NAME": "mailadmin.accounts.passwords.StrengthValidator"},
]
# How new mailbox passwords are stored; a weaker one is replaced at sign-in.
MAILBOX_PASSWORD_SCHEME = one_of(
    "MAILBOX_PASSWORD_SCHEME", "ARGON2ID", ("ARGON2ID", "BLF-CRYPT", "SHA512-CRYPT", "SHA256-CRYPT")
)
# Failed sign-ins in the last SIGN_IN_WINDOW_SECONDS that lock: one account from one address, one account from
# everywhere, one address for every account. Who signed in before from the same address is held to the first only.
SIGN_IN_WINDOW_SECONDS = whole_number("SIGN_IN_WINDOW_SECONDS", 900, low=60, high=86_400)
SIGN_IN_FAILURES_PER_PAIR = whole_number("SIGN_IN_FAILURES_PER_PAIR", 5, low=1, high=1000)
SIGN_IN_FAILURES_PER_ACCOUNT = whole_number("SIGN_IN_FAILURES_PER_ACCOUNT", 25, low=1, high=10_000)
SIGN_IN_FAILURES_PER_ADDRESS = whole_number("SIGN_IN_FAILURES_PER_ADDRESS", 100, low=1, high=100_000)
# A session ends so long after the sign-in, and so long after its last request. What is sensitive asks for the
# password again once it was given so long ago.
SESSION_ENGINE = "mailadmin.accounts.sessions"
SESSION_COOKIE_AGE = whole_number("SESSION_HOURS", 12, low=1, high=24 * 365) * 3600
SESSION_IDLE_MINUTES = whole_number("SESSION_IDLE_MINUTES", 60, low=2, high=60 * 24 * 365)
REAUTHENTICATION_MINUTES = whole_number("REAUTHENTICATION_MINUTES", 15, low=1, high=60 * 24)
# Whose accounts can do nothing until a second factor is set up.
SECOND_FACTOR_REQUIRED = some_of("SECOND_FACTOR_REQUIRED", ("superadmin", "domain_admin", "mailbox_user"))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "mailadmin.pages.errors.csrf_failure"

# -- Browser ----------------------------------------------------------------------------------------------
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # removed unless the proxy is trusted
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's own icons are data: images in its style sheet
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# -- Language and time ------------------------------------------------------------------------------------
LOCALE_PATHS = [BASE_DIR / "mailadmin" / "locale"]
# A language is offered once its catalogue is compiled, as `make setup` does.
LANGUAGES = [
    (code, name)
    for code, name in (("en", _("English")), ("fr", _("French")))
    if code == "en" or (LOCALE_PATHS[0] / code / "LC_MESSAGES" / "django.mo").exists()
]
LANGUAGE_CODE = one_of("LANGUAGE_CODE", "en", tuple(code for code, _name in LANGUAGES))
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
FORMAT_MODULE_PATH = ["mailadmin.formats"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS

# -- Addresses --------------------------------------------------------------------------------------------
SMTPUTF8 = env.bool("SMTPUTF8", default=False)
SINGLE_LABEL_DOMAINS = env.bool("SINGLE_LABEL_DOMAINS", default=False)
# domain.maxquota and domain.quota count in this many bytes, as Postfixadmin's quota_multiplier.
QUOTA_MULTIPLIER = whole_number("QUOTA_MULTIPLIER", 1_024_000, low=1, high=2**30)
# May the administrators of a domain change its abuse, hostmaster, postmaster and webmaster aliases?
ROLE_ALIASES_FOR_DOMAIN_ADMINS = env.bool("ROLE_ALIASES_FOR_DOMAIN_ADMINS", default=False)

# -- Mails that we send -----------------------------------------------------------------------------------
try:
    globals().update(env.email_url_config(env.str("EMAIL_URL", default="") or "smtp://127.0.0.1:25"))
except (ImproperlyConfigured, ValueError):
    raise ImproperlyConfigured("EMAIL_URL must be like smtp+tls://USER:PASSWORD@HOST:587.") from None
EMAIL_TIMEOUT = 30
MAIL_FROM = mail_from("MAIL_FROM", f"no-reply@{urlsplit(SITE_URL).hostname or HOSTNAME}")
# A link for a forgotten password is good for an hour; one by which an administrator has somebody set up an account:
SET_UP_HOURS = whole_number("SET_UP_HOURS", 72, low=1, high=24 * 30)

# -- Mailbox users ----------------------------------------------------------------------------------------
# Whether they may forward to addresses outside this server's domains, and to how many.
FORWARD_OUTSIDE = env.bool("FORWARD_OUTSIDE", default=True)
FORWARDING_TARGETS_AT_MOST = whole_number("FORWARDING_TARGETS_AT_MOST", 50, low=1, high=1000)
# App passwords are offered for DAV and ActiveSync: the web server asks /dav-auth/ (docs/app-passwords.md).
DAV_APP_PASSWORDS = env.bool("DAV_APP_PASSWORDS", default=False)

# -- REST -------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "mailadmin.api.problems.handle",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "mailadmin.api.openapi.Description",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "mailadmin",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "DEFAULT_GENERATOR_CLASS": "mailadmin.api.openapi.Generator",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATION_PARAMETERS": False,
}

# -- Webhooks ---------------------------------------------------------------------------------------------
# Networks of the site's own to which events may be sent, beside the public internet.
WEBHOOKS_ALLOWED_NETWORKS = networks("WEBHOOKS_ALLOWED_NETWORKS")
WEBHOOK_KEEP_DAYS = whole_number("WEBHOOK_KEEP_DAYS", 30, low=4, high=3650)  # each is tried for three
# A file to import: more octets are refused before they are read, more lines as they are.
IMPORT_MAX_BYTES = whole_number("IMPORT_MAX_BYTES", 20_000_000, low=1_000, high=1_000_000_000)
IMPORT_MAX_LINES = whole_number("IMPORT_MAX_LINES", 100_000, low=1, high=10_000_000)

# -- The mail host ----------------------------------------------------------------------------------------
MAIL_HOST = env.str("MAIL_HOST", default="main")  # this machine's name among the mail hosts
MAIL_VOLUME = Path(env.str("MAIL_VOLUME", default=str(VAR_DIR / "vmail")))
# The name that mail programs are told for IMAP and submission.
MAIL_SERVER_NAME = env.str("MAIL_SERVER_NAME", default="") or socket.gethostname()
MAIL_OWNER = env.str("MAIL_OWNER", default="")  # USER:GROUP of the Maildirs; empty: whoever runs the worker
MAPS_DIR = Path(env.str("MAPS_DIR", default=str(VAR_DIR / "maps")))
MAPS_TYPE = one_of("MAPS_TYPE", "texthash", ("lmdb", "cdb", "hash", "texthash", "sql"))
MAIL_CONFIG = env.str("MAIL_CONFIG", default="")  # Postfix's configuration directory; empty: none to tell
DOVECOT_CONFIG = env.str("DOVECOT_CONFIG", default="")  # dovecot.conf; empty: none to tell
ARCHIVE_DAYS = whole_number("ARCHIVE_DAYS", 30, low=0, high=36_500)
# For how long the address of somebody who left is given to nobody else, unless a template says so. 0: not at all.
ADDRESS_RESERVED_DAYS = whole_number("ADDRESS_RESERVED_DAYS", 365, low=0, high=3650)
SWEEP_SECONDS = whole_number("SWEEP_SECONDS", 15, low=1, high=3600)

# -- Celery -----------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
EMBEDDED_BROKER = not CELERY_BROKER_URL
if EMBEDDED_BROKER:
    CELERY_BROKER_URL = "filesystem://localhost"
    _broker = VAR_DIR / "broker"
    (_broker / "queue").mkdir(parents=True, exist_ok=True)  # which kombu leaves to us
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "queue"),
        "data_folder_out": str(_broker / "queue"),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.2,
    }
else:
    # A save must not wait for a broker that is away: the pending rows are there, and the sweep finds them.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "mailadmin"
# Work for one mail host is done on that host: each worker listens to its own queue beside the common one.
CELERY_TASK_QUEUES = [Queue("mailadmin"), Queue(f"mailadmin.host.{MAIL_HOST}")]
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "mailadmin.mailhost.tasks.sweep", "schedule": SWEEP_SECONDS},
    "recount": {"task": "domains.tasks.recount", "schedule": 600},
    "end-vacations": {"task": "vacations.tasks.end_past", "schedule": 600},
    "close-expired-app-passwords": {"task": "app_passwords.tasks.close_expired", "schedule": 300},
    "purge-archive": {"task": "mailboxes.tasks.purge_archive", "schedule": 3600},
    "advance-offboardings": {"task": "people.tasks.advance_offboardings", "schedule": 60},
    "forget-reservations": {"task": "people.tasks.forget_reservations", "schedule": 86_400},
    "forget-sessions": {"task": "mailadmin.accounts.tasks.forget_sessions", "schedule": 86_400},
    "forget-sign-ins": {"task": "mailadmin.accounts.tasks.forget_sign_ins", "schedule": 86_400},
    "prune": {"task": "mailadmin.mailhost.tasks.prune", "schedule": 3600},
    "send-letters": {"task": "mailadmin.letters.tasks.send_letters", "schedule": 60},
    "sweep-imports": {"task": "bulk.tasks.sweep", "schedule": 60},
    "forget-imports": {"task": "bulk.tasks.forget", "schedule": 3600},
    "forget-answers": {"task": "mailadmin.api.tasks.forget_answers", "schedule": 3600},
    "forget-letters": {"task": "mailadmin.letters.tasks.forget_letters", "schedule": 86_400},
    "sweep-webhooks": {"task": "mailadmin.webhooks.tasks.sweep", "schedule": SWEEP_SECONDS},
    "prune-webhooks": {"task": "mailadmin.webhooks.tasks.prune", "schedule": 3600},
    # More often than daily, for beat forgets a day's run if the machine is off at its time; each warning goes out once.
    "warn-of-expiry": {"task": "mailadmin.letters.tasks.warn_of_expiry", "schedule": 6 * 3600},
}

# -- Log --------------------------------------------------------------------------------------------------
HOSTNAME = socket.gethostname()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
