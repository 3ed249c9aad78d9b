"""What a web process holds when it has started: asked of a fresh interpreter, because this one has imported everything."""

import os
import subprocess
import sys

HEAVY = (
    "chinese_calendar",
    "cryptography",
    "holidays",
    "numpy",
    "opencc",
    "openpyxl",
    "phonenumbers",
    "pypinyin",
    "typst",
    "yaml",
)
QUESTION = f"""
import gc, sys
from shouwen.config.wsgi import application
from shouwen.faces.api.v1 import api
print(*[name for name in {HEAVY} if name in sys.modules], gc.isenabled())
"""


def test_a_web_process_starts_without_what_only_some_verbs_need_and_collects_rubbish() -> None:
    environment = os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/never_opened"}

    answer = subprocess.run([sys.executable, "-c", QUESTION], env=environment, capture_output=True, text=True, check=True)

    assert answer.stdout.split() == ["True"]
