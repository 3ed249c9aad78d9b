"""How often and after which pauses a failed delivery is tried again, and what is kept of its problem."""

from datetime import timedelta

ATTEMPT_LIMIT = 8
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_PROBLEM = 2000  # characters


def pause_after(*, attempt_count: int) -> timedelta | None:
    """Return the pause before the next attempt (2 s, 8 s, 32 s … at most an hour), None when it is time to give up."""
    if attempt_count >= ATTEMPT_LIMIT:
        return None
    return min(FIRST_PAUSE * int(4 ** (attempt_count - 1)), LONGEST_PAUSE)


def problem_of(*, error: Exception) -> str:
    """Return the kind and the words of an error as a text that any database keeps, at most ``LONGEST_PROBLEM`` characters of it."""
    return _storable(f"{type(error).__name__}: {_words_of(error)}")


def _words_of(error: Exception) -> str:
    try:
        return str(error)
    except Exception as second:  # whatever an error of somebody else's makes of itself
        return f"its words cannot be read ({type(second).__name__})"


def printable(text: str) -> str:
    """Return ``text`` with what no column and no log takes written out: NUL, and halves of a pair of surrogates."""
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()


def _storable(text: str) -> str:
    written = printable(text[:LONGEST_PROBLEM])
    return written if len(written) <= LONGEST_PROBLEM and len(text) <= LONGEST_PROBLEM else f"{written[: LONGEST_PROBLEM - 1]}…"
