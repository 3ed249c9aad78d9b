from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    """Every test has a folder of files of its own."""
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR
