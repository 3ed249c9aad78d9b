"""The pages' door for a WSGI server."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")

# What is made while starting stays: looking through it again and again for rubbish costs a tenth of the start.
gc.disable()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - its own making is part of the start

application = get_wsgi_application()
gc.freeze()
gc.enable()
