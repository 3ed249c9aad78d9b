from pathlib import Path

import pytest

from shouwen.config.command import main


@pytest.mark.parametrize(
    ("mapping", "more", "says"),
    [
        ("[1, 2]", [], "The mapping must be a mapping"),
        ("name: [", [], "This cannot be read"),
        (None, [], "This cannot be read"),
        ("name: x", ["--speed", "0"], "the speed more than nought"),
    ],
)
def test_what_cannot_be_read_is_said_before_anything_is_started(
    mapping: str | None, more: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, how = tmp_path / "rows.csv", tmp_path / "mapping.yaml"
    rows.write_text("id\n")
    if mapping is not None:
        how.write_text(mapping)

    code = main(["replay", str(rows), "--mapping", str(how), *more])

    assert (code, says in capsys.readouterr().err) == (2, True)
