"""Date patterns of Java: ``dd/MMM/yyyy:HH:mm:ss Z`` as strftime text.

Letters as in https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/text/SimpleDateFormat.html
and in ``java.time.format.DateTimeFormatter``, which writes ``Z``, ``ZZZ`` and ``x`` alike.
"""

from __future__ import annotations

import re

_ITEM = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']", re.DOTALL)
_LETTERS: dict[str, tuple[str, ...]] = {
    "y": ("%Y", "%y", "%Y", "%Y"),
    "u": ("%Y", "%y", "%Y", "%Y"),
    "M": ("", "%m", "%b", "%B"),
    "d": ("%e", "%d"),
    "D": ("", "", "%j"),
    "E": ("%a", "%a", "%a", "%A"),
    "a": ("%p",),
    "H": ("%k", "%H"),
    "h": ("%l", "%I"),
    "m": ("", "%M"),
    "s": ("", "%S"),
    "S": ("", "", "%L", "", "", "%f"),
    "Z": ("%z", "%z", "%z"),
    "X": ("%z", "%z", "%z"),
    "x": ("%z", "%z", "%z"),
    "z": ("%Z", "%Z", "%Z"),
}
"""What a run of one letter writes, by its length; empty where no one item reads that."""


def strftime_of(pattern: str) -> str | None:
    """The strftime text that reads what a pattern writes; ``None`` where none does.

    >>> strftime_of("yyyy-MM-dd'T'HH:mm:ss.SSSZ")
    '%Y-%m-%dT%H:%M:%S.%L%z'

    """
    text, timed = "", False
    for match in _ITEM.finditer(pattern):
        letter = match[2]
        if match[1] is not None:
            text += match[1].replace("''", "'").replace("%", "%%") or "'"
        elif letter is None:
            text += match[0].replace("%", "%%")
        else:
            known = _LETTERS.get(letter, ())
            count = len(match[0])
            item = known[count - 1] if count <= len(known) else ""
            if not item:
                return None
            text, timed = text + item, True
    return text if timed else None
