"""The floor of a desk in Django: session, user, CSRF and two tables, JSON out; nothing of the business.

``granian --interface wsgi --factory benchmarks.limits.lean_django:make``; the database is in ``LEAN_DATABASE_URL``.
"""

import os
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application

_ADDRESS = urlsplit(os.environ["LEAN_DATABASE_URL"])

if not settings.configured:
    settings.configure(
        SECRET_KEY="benchmark-only-" + "0" * 40,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="benchmarks.limits.lean_views",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "benchmarks.limits.lean_app",
        ],
        MIGRATION_MODULES={"lean_app": None},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": _ADDRESS.path.lstrip("/"),
                "USER": _ADDRESS.username or "",
                "PASSWORD": _ADDRESS.password or "",
                "HOST": parse_qs(_ADDRESS.query).get("host", [_ADDRESS.hostname or ""])[0],
                "PORT": str(_ADDRESS.port or ""),
                "CONN_MAX_AGE": 300,
            }
        },
    )

make = get_wsgi_application
