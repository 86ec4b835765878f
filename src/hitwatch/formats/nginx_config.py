"""The syntax of nginx' configuration: words, quotes and marks; knows no directive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from hitwatch.errors import format_error_at

_SPECIAL = {"t": "\t", "n": "\n", "r": "\r"}


class Token(Struct, frozen=True):
    """A word or mark of a configuration.

    Attributes:
        text: without its quotes, without its escapes.
        quote: the quote it stood in; empty where in none.

    """

    text: str
    quote: str

    @property
    def is_mark(self) -> bool:
        """Whether it is one of the marks ``;``, ``{`` and ``}``."""
        return not self.quote and self.text in (";", "{", "}")


_WORDS = re.compile(
    r"""
      (?P<blank> \s+ | \#[^\n]* )
    | "(?P<double> (?:[^"\\]|\\.)* )"
    | '(?P<single> (?:[^'\\]|\\.)* )'
    | (?P<mark> [;{}] )
    | (?P<open> ["'] )
    | (?P<bare> (?: \$\{ | \\. | [^\s;{\\] )+ )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str) -> Iterator[Token]:
    """Split a configuration into words and marks, without comments.

    Args:
        text: of a file, or a part of it.

    Raises:
        FormatError: a quote is not closed.

    """
    at = 0
    while match := _WORDS.match(text, at):
        at = match.end()
        kind = match.lastgroup or ""
        if kind == "open":
            raise format_error_at("unclosed quote", text, match.start())
        if kind != "blank":
            quote = {"double": '"', "single": "'"}.get(kind, "")
            value = match[kind] if kind == "mark" else unescape(match[kind])
            yield Token(value, quote)


def unescape(text: str) -> str:
    r"""Resolve the escapes that nginx resolves in words: quotes, ``\\``, ``\t``, ``\n``, ``\r``."""
    return re.sub(r"""\\(["'\\tnr])""", lambda m: _SPECIAL.get(m[1], m[1]), text)
