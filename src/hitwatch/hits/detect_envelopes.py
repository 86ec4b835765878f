"""Finds out what stands around the lines of a log: tries envelopes, and judges what is inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from hitwatch import _kernel
from hitwatch.formats.format import INFERRED
from hitwatch.hits.detect import Fit, Trial
from hitwatch.hits.envelopes import FRAMES, Frame, drop_notices

WORTH = 0.25
"""Share of lines that an envelope must be around to be tried."""

_DEEPEST = 3
_MOST_TRIES = 16

TryFormats = Callable[[bytes], Trial]
"""Tries formats on lines."""


def detect_framed(head: bytes, try_lines: TryFormats) -> tuple[tuple[Frame, ...], list[Fit]]:
    """Find out the format of some lines, and what is around them.

    Args:
        head: whole lines, from the beginning of a log.
        try_lines: tries formats on lines.

    Returns:
        The envelopes, the outermost first, and the formats of what they carry, the best first.

    """
    try_formats = cache(try_lines)
    best: tuple[Frame, ...] = ()
    fits = try_formats(head).known
    if not _carries_all(head, fits, try_formats):
        # Where it does, what could be inferred from the lines as they are counts for nothing.
        fits = try_formats(head).fits
    if fits and fits[0].certain and fits[0].log_format.identifying_keys:
        # A product that keeps its own line, or some message, under such a name.
        return best, fits
    if _are_read(fits):
        # Nothing is around lines of which every value is what it should be.
        return best, fits
    waiting = [(best, head, fits)]
    tries = 0
    while waiting:
        around, lines, outside = waiting.pop(0)
        for frame, payload, framed in _envelopes_around(lines):
            if tries == _MOST_TRIES:
                return best, fits
            tries += 1
            inner = try_formats(payload).fits
            fitting = _fitting(inner)
            # A name with blanks can swallow a head: without it, lines say the same better.
            # Objects that are lines already need no cutting.
            least = _fitting(outside)
            if frame.kind == "records" and _lines(inner) >= _lines(outside):
                least += 1
            # Lines that fit as they are speak for no envelope of the others.
            if frame.kind != "records" and framed + fitting <= _lines(inner):
                least += 1
            # Of envelopes that serve alike the first counts, and what is in it.
            deeper = best == around[: len(best)] and fitting == _fitting(fits)
            if fitting >= max(least, 1) and (deeper or fitting > _fitting(fits)):
                best, fits = (*around, frame), inner
            if len(around) + 1 < _DEEPEST:
                waiting.append(((*around, frame), payload, inner))
            if best == (*around, frame) and fitting == _lines(inner):
                # Every line is read: nothing but what is in it can be better.
                waiting = waiting[-1:] if len(best) < _DEEPEST and not _are_read(inner) else []
                break
    return best, fits


def _carries_all(head: bytes, known: list[Fit], try_lines: TryFormats) -> bool:
    """Whether the first envelope carries lines of a known format, as many as there are."""
    if known and known[0].certain:
        return False
    for frame, payload, _ in _envelopes_around(head):
        inner = try_lines(payload).known
        return frame.kind != "records" and _are_read(inner) and _lines(inner) >= _lines(known)
    return False


def _are_read(fits: list[Fit]) -> bool:
    """Whether lines are in a known format with all that they say."""
    best = fits[0] if fits else None
    return best is not None and best.certain == best.lines and best.log_format.name != INFERRED


def _fitting(fits: list[Fit]) -> int:
    return fits[0].weight if fits else 0


def _lines(fits: list[Fit]) -> int:
    return fits[0].lines if fits else 0


def _envelopes_around(lines: bytes) -> Iterator[tuple[Frame, bytes, int]]:
    """Envelopes of a good share of lines, with what they carry, and how many lines that are."""
    candidates = drop_notices(lines)
    for frame in FRAMES:
        unframer = _kernel.Unframer([frame.compiled])
        payload = unframer.feed(candidates)
        framed, count = unframer.counts
        if frame.kind != "records":
            # The last line may be a part; of an object the head has only a piece.
            rest = unframer.finish()
            payload, framed = payload + rest, framed + bool(rest)
        if framed and framed >= WORTH * count and payload.rstrip() != candidates.rstrip():
            yield frame, payload, framed
