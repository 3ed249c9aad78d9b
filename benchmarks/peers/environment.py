"""An environment of its own for each peer, made when first needed from the requirements beside it, remade when they change."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import store
from benchmarks.protocol import NotBuilt

_LIMIT_S = 900


def python_of(*, peer: str, requirements: Path) -> Path:
    """Return the interpreter of a peer's environment.

    :raises NotBuilt: when it cannot be made here; the message says why.
    """
    folder, wanted = store.home() / peer, hashlib.sha256(requirements.read_bytes()).hexdigest()
    python, stamp = folder / "bin" / "python", folder / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)], peer)
    _run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)], peer)
    stamp.write_text(wanted)
    return python


def _run(command: list[str], peer: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode:
        raise NotBuilt(f"the environment of {peer} cannot be made: {done.stderr.strip()[-400:]}")
