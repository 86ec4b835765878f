"""What a log's lines leave open, as text and as JSON."""

from __future__ import annotations

from hitwatch.formats.format import Guess


def guess_wording(guess: Guess) -> str:
    """How something was taken that the lines do not settle, why, and how to settle it."""
    taken = f"{guess.what} is taken as {guess.assumed}"
    return f"a guess: {taken}: {guess.why} (settle it: {guess.remedy})"


def guess_object(guess: Guess) -> dict[str, str]:
    """The same as plain values."""
    return {
        "what": guess.what,
        "taken": guess.assumed,
        "why": guess.why,
        "settle": guess.remedy,
    }
