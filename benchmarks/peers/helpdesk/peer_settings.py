"""Settings of django-helpdesk for the benchmark: production-like, and generous (kept connections, mail thrown away)."""

import os
from urllib.parse import parse_qs, urlsplit

_ADDRESS = urlsplit(os.environ["PEER_DATABASE_URL"])

SECRET_KEY = "benchmark-only-" + "0" * 40
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "peer_urls"
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "en-us"
SITE_ID = 1
STATIC_URL = "/static/"
MEDIA_ROOT = os.environ["PEER_MEDIA_ROOT"]
LOGIN_URL = "helpdesk:login"
LOGIN_REDIRECT_URL = "helpdesk:home"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
HELPDESK_TEAMS_MODE_ENABLED = False
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _ADDRESS.path.lstrip("/"),
        "USER": _ADDRESS.username or "",
        "PASSWORD": _ADDRESS.password or "",
        "HOST": parse_qs(_ADDRESS.query).get("host", [_ADDRESS.hostname or ""])[0],
        "PORT": str(_ADDRESS.port or ""),
        "CONN_MAX_AGE": 300,
    }
}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "helpdesk",
    "django_cleanup.apps.CleanupConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# Only for seeding and logging in: a slow hash would measure nothing of the desk.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
