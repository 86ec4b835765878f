"""Splitting streams into lines, and what to do about a path."""

from __future__ import annotations

import pytest

from hitwatch.follow.splitter import Splitter
from hitwatch.follow.tracker import Action, Identity, Opened, decide

OURS, OTHER = Identity(1, 1), Identity(1, 2)


@pytest.mark.parametrize(
    ("opened", "at_path", "action"),
    [
        (None, None, Action.WAIT),
        (None, OURS, Action.OPEN),
        (Opened(OURS, 5, 5, False), OURS, Action.IDLE),
        (Opened(OURS, 5, 9, False), OURS, Action.READ),
        (Opened(OURS, 5, 9, False), OTHER, Action.READ),
        (Opened(OURS, 5, 5, False), OTHER, Action.SWITCH),
        (Opened(OURS, 5, 9, False), None, Action.READ),
        (Opened(OURS, 5, 5, False), None, Action.HOLD),
        (Opened(OURS, 5, 0, False), OURS, Action.RESTART),
        (Opened(OURS, 5, 9, True), OURS, Action.RESTART),
    ],
)
def test_decisions(opened: Opened | None, at_path: Identity | None, action: Action) -> None:
    """What was written is read before anything else; then the path says what to do."""
    assert decide(opened, at_path) is action


def test_a_line_too_long_is_counted_once() -> None:
    """A line beyond the limit is cut: its beginning counts as one line, the rest is dropped."""
    splitter = Splitter(max_line=10)
    given = [splitter.feed(piece) for piece in (b"a" * 7, b"b" * 7, b"c" * 9, b"d\nnext\n")]
    assert b"".join(given) == b"aaaaaaabbb\nnext\n"
    assert (splitter.lines, splitter.cut) == (2, 14)


def test_a_long_line_is_not_copied_again_and_again() -> None:
    """A line in a hundred thousand pieces is joined once."""
    splitter = Splitter()
    for _ in range(100_000):
        assert splitter.feed(b"0123456789") == b""
    assert splitter.feed(b"\n") == b"0123456789" * 100_000 + b"\n"
