"""Lines split into tokens where no format says how."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from hitwatch.formats.inference.clf import all_look_like

_TOKEN = re.compile(
    r"""
      "(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$)
    | \["(?P<bracketed_quoted>[^"\]]*)"\](?=\s|$)
    | \[(?P<bracketed>[^\]\s]*)\](?=\s|$)
    | \((?P<parenthesised>[^)]*)\)(?=\s|$)
    | (?P<key>[A-Za-z][\w.-]{0,31})=(?:"(?P<quoted_value>(?:[^"\\]|\\.)*)"|(?P<value>\S*))(?=\s|$)
    | (?P<bare>\S+(?:(?<=,)\ [\w.:-]+)*)
    """,
    re.VERBOSE,
)
AROUND = {
    "quoted": ('"', '"'),
    "bracketed_quoted": ('["', '"]'),
    "bracketed": ("[", "]"),
    "parenthesised": ("(", ")"),
    "bare": ("", ""),
}
"""What stands around a value that is marked off so."""


class Token(Struct, frozen=True):
    """A value between blanks: what it is delimited by, its name, and its text."""

    delimiter: str
    text: str
    key: str = ""


Rows = Sequence[Sequence[Token]]


class Names:
    """Gives each field a name once; others are ``extra_1`` and so on.

    Attributes:
        unknown: how many values of the head look like nothing in particular.

    """

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._extras = 0
        self.unknown = 0

    def free(self, name: str) -> bool:
        """Whether a name has not been given yet."""
        return name not in self._given

    def take(self, name: str) -> str:
        """Give a name."""
        self._given.add(name)
        return f"{{{name}}}"

    def extra(self, *, quotes: str = "") -> str:
        """Name what has no name."""
        self._extras += 1
        return f"{{{quotes}extra_{self._extras}:text{quotes}}}"

    def own(self, key: str) -> str:
        """The name of a value that the log itself names."""
        name = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_") or "x"
        return f"x_{name}" if not name[0].isalpha() else name


def tokenize(text: str) -> tuple[Token, ...]:
    """The values between the blanks of a text."""
    found = []
    for match in _TOKEN.finditer(text):
        key = match["key"] or ""
        if key:
            quoted = match["quoted_value"]
            delimiter = "bare" if quoted is None else "quoted"
            found.append(Token(delimiter, match["value"] if quoted is None else quoted, key))
        else:
            delimiter = match.lastgroup or "bare"
            found.append(Token(delimiter, match[delimiter]))
    return tuple(found)


def transpose(rows: Rows) -> list[list[Token]]:
    """The tokens at each place; a place that some rows lack has fewer."""
    most = max(map(len, rows), default=0)
    return [[row[place] for row in rows if place < len(row)] for place in range(most)]


def look_like(column: Sequence[Token], pattern: re.Pattern[str]) -> bool:
    """Whether there are values, and all but dashes look like this."""
    return all_look_like((token.text for token in column), pattern)


def are_dashes(column: Sequence[Token]) -> bool:
    """Whether nothing but dashes stands there."""
    return all(token.text == "-" and token.delimiter == "bare" for token in column)


def delimiter_of(column: Sequence[Token]) -> str:
    """How the values of a place are marked off; ``bare`` where not all alike."""
    ways = {token.delimiter for token in column}
    return ways.pop() if len(ways) == 1 else "bare"


def has_lists(column: Sequence[Token]) -> bool:
    """Whether there are values with commas."""
    return any("," in token.text for token in column)
