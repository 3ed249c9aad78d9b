"""Django's settings. Everything an operator may change comes from the environment; the defaults run on one machine."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from shouwen.config import keys, postgres

BASE_DIR = Path(__file__).resolve().parent.parent.parent
HANDBOOK_DIR = Path(os.environ.get("SHOUWEN_HANDBOOK", BASE_DIR / "handbook"))
DEBUG = os.environ.get("SHOUWEN_DEBUG") == "1"
TESTING = os.environ.get("SHOUWEN_TESTING") == "1"


def _embedded_server() -> postgres.EmbeddedServer | None:
    if os.environ.get("DATABASE_URL"):
        return None
    if TESTING:
        return postgres.EmbeddedServer(postgres.default_data_dir().with_name("postgres-tests"), throwaway=True)
    return postgres.EmbeddedServer(postgres.default_data_dir())


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": query | {"connect_timeout": 10},
        "TEST": {"NAME": f"test_shouwen_{os.getpid()}"},
    }


EMBEDDED_SERVER = _embedded_server()
DATABASE_URL = EMBEDDED_SERVER.url() if EMBEDDED_SERVER else os.environ["DATABASE_URL"]
# Whose rules bind where a matter names no place of its own.
SHOUWEN_JURISDICTION = os.environ.get("SHOUWEN_JURISDICTION", "CN")
SHOUWEN_COMPANY = os.environ.get("SHOUWEN_COMPANY", "SGCC")

DATABASES = {"default": _database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _is_founded() -> bool:
    """Return whether there may be a house already. The tests' own server holds none that would outlast them."""
    if EMBEDDED_SERVER is None:
        return keys.has_tables(DATABASE_URL)
    return not TESTING and (EMBEDDED_SERVER.data_dir / "PG_VERSION").exists()


_secrets = keys.Secrets(folder=postgres.default_data_dir().parent, is_founded=_is_founded)
SECRET_KEY = _secrets.text(keys.SECRET_KEY)
# Personal data at rest: 32 bytes for each key number, the newest first; `doctor` says what is only on this machine.
PERSONAL_DATA_KEYS = _secrets.personal_data_keys()
BLIND_INDEX_KEY = _secrets.key(keys.BLIND_INDEX_KEY)
SECRETS_MISSING, SECRETS_KEPT_HERE = tuple(_secrets.missing), tuple(_secrets.kept_here)

# The largest body of a request. Only the door for contacts takes more, from callers that it knows: see ``faces.api.door.bodies``.
DATA_UPLOAD_MAX_MEMORY_SIZE = 3_000_000

ALLOWED_HOSTS = os.environ.get("SHOUWEN_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("SHOUWEN_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "shouwen.platform.outbox",
    "shouwen.platform.calendars",
    "shouwen.platform.people",
    "shouwen.platform.policies",
    "shouwen.platform.files",
    "shouwen.platform.search",
    "shouwen.platform.audit",
    "shouwen.web",
    "shouwen.records.customers",
    "shouwen.records.network",
    "shouwen.records.norms",
    "shouwen.loop.messages",
    "shouwen.loop.workorders",
    "shouwen.loop.contact",
    "shouwen.loop.satisfaction",
    "shouwen.faces.api",
    "shouwen.config.apps.RoofConfig",
]
INSTALLED_APPS = [
    app
    for app in INSTALLED_APPS
    if not app.startswith("shouwen") or app.endswith("Config") or (BASE_DIR / app.replace(".", "/") / "apps.py").exists()
]

MIDDLEWARE = [
    "shouwen.faces.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shouwen.platform.people.middleware.ViewerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shouwen.web.policy.ContentPolicyMiddleware",
]
ROOT_URLCONF = "shouwen.config.urls"
WSGI_APPLICATION = "shouwen.config.wsgi.application"
ASGI_APPLICATION = "shouwen.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "people.Staff"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("SHOUWEN_HTTPS") == "1"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

LOGIN_URL = "/sign-in/"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "shouwen" / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "static/"
FILES_DIR = Path(os.environ.get("SHOUWEN_FILES", postgres.default_data_dir().parent / "files"))

PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.PBKDF2PasswordHasher", "django.contrib.auth.hashers.ScryptPasswordHasher"]
)

EMAIL_HOST = os.environ.get("SHOUWEN_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("SHOUWEN_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("SHOUWEN_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SHOUWEN_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("SHOUWEN_SMTP_TLS") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("SHOUWEN_MAIL_FROM", "service@localhost")

# What every notice to a customer says about us; without a name, that of the topmost unit.
COMPANY_NAME = os.environ.get("SHOUWEN_COMPANY_NAME", "")
COMPANY_NAME_EN = os.environ.get("SHOUWEN_COMPANY_NAME_EN", "")
HOTLINE = os.environ.get("SHOUWEN_HOTLINE", "95598")
PUBLIC_URL = os.environ.get("SHOUWEN_PUBLIC_URL", "http://localhost:8000")
SMS_CARRIER = os.environ.get("SHOUWEN_SMS_CARRIER", "shouwen.loop.messages.gateways.file.file_from_settings")
SMS_FILE = os.environ.get("SHOUWEN_SMS_FILE", str(postgres.default_data_dir().parent / "text-messages.jsonl"))
WEBHOOKS_MAY_GO_INSIDE = os.environ.get("SHOUWEN_WEBHOOKS_MAY_GO_INSIDE") == "1"
# What one web process takes: requests a second from each token, failures to bring a valid one a minute from each address. 0: any number.
API_RATE = float(os.environ.get("SHOUWEN_API_RATE", "0" if TESTING else "50"))
API_FAILURES_PER_MIN = 0 if TESTING else 10

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING" if TESTING else "INFO"},
    "loggers": {"procrastinate": {"level": "WARNING"}},
}
