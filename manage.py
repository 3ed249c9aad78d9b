"""Django's own commands, for developers: ``.venv/bin/python manage.py makemigrations``. People use ``shouwen``."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    from shouwen.config.settings import EMBEDDED_SERVER

    if EMBEDDED_SERVER is not None:
        EMBEDDED_SERVER.start()
    execute_from_command_line(sys.argv)
