"""The pages' door for a WSGI server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
