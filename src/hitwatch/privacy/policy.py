"""Texts of hits are replaced: the client behind proxies, personal data, secrets.

Texts are replaced by distinct value, never once per hit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.errors import UsageError, suggest
from hitwatch.formats.columns import BY_NAME
from hitwatch.hits.batch import Hits
from hitwatch.privacy.redact import (
    REDACTED,
    Mode,
    anonymize,
    is_secret_name,
    redact_query,
    redact_url,
    trusted_client,
)
from hitwatch.select.networks import Networks, parse_address
from hitwatch.stats.dimension import Label

if TYPE_CHECKING:
    import polars as pl

TextMap = Callable[[str], str]

TRUST_NEEDS: frozenset[str] = frozenset({"client", "forwarded_for"})
"""Columns that it takes to find the client behind proxies."""


def has_forwarded_clients(hits: Hits) -> bool:
    """Whether any of the hits has what proxies say of the client."""
    name = "forwarded_for"
    return hits.has(name) and hits.codes[name].null_count() < len(hits)


def resolve_client(hits: Hits, networks: Networks) -> Hits:
    """Hits whose ``client`` is the one behind trusted proxies (``trusted_client``).

    Args:
        hits: the hits; without the columns of ``TRUST_NEEDS`` they stay as they are.
        networks: of the proxies.

    """
    if not all(hits.has(name) for name in TRUST_NEEDS):
        return hits
    import polars as pl

    # One number a pair; one place more than there are headers is for hits without any.
    headers = hits.values("forwarded_for")
    width = len(headers) + 1
    codes = hits.codes.select("client", "forwarded_for").cast(pl.UInt64)
    pairs, places = _distinct_codes(
        codes["client"] * width + codes["forwarded_for"].fill_null(len(headers))
    )
    header = pairs % width
    peers = hits.values("client").gather(pairs // width)
    header_texts = headers.gather(header.set(header == len(headers), None))
    texts = [
        trusted_client(peer, header, networks)
        for peer, header in zip(peers, header_texts, strict=True)
    ]
    return hits.replace_texts("client", places, texts)


def map_column(hits: Hits, column: str, label: TextMap) -> Hits:
    """Hits with other texts in a text column.

    Args:
        hits: the hits; without the column they stay as they are.
        column: its name.
        label: gives the other text; it is asked once per distinct text.

    """
    if not hits.has(column):
        return hits
    used, places = _distinct_codes(hits.codes[column])
    return hits.replace_texts(
        column, places, [label(text) for text in hits.values(column).gather(used)]
    )


def _distinct_codes(numbers: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The distinct numbers, and of each row which of them it is; beyond them where it is null."""
    import polars as pl

    distinct = numbers.drop_nulls().unique().sort()
    places = distinct.search_sorted(numbers.fill_null(0)).cast(pl.UInt32)
    nulls = numbers.is_null()
    return distinct, places.set(nulls, 2**32 - 1) if nulls.any() else places


class Privacy(Struct, frozen=True):
    """What of hits is replaced before anybody sees them.

    Attributes:
        mode: how clients and users are made anonymous; ``None``: they are not.
        key: secret of the hash.
        redact: whether secrets and mail addresses in queries are taken out.

    Raises:
        UsageError: the mode is unknown, or the hash has no key.

    """

    mode: Mode | None = None
    key: bytes = b""
    redact: bool = False

    def __post_init__(self) -> None:
        modes = get_args(Mode)
        if self.mode not in (None, *modes):
            raise UsageError(
                f"unknown anonymization mode {self.mode!r}",
                hint=suggest(str(self.mode), modes),
            )
        if self.mode == "hash" and not self.key:
            raise UsageError(
                "clients cannot be hashed without a key",
                hint="put a secret into a file and name it with --anonymize-key-file, or into"
                " HITWATCH_ANONYMIZE_KEY; in Python, give it as anonymize_key",
            )

    def __repr__(self) -> str:
        # Without the key, which is secret.
        return f"{type(self).__name__}(mode={self.mode!r}, redact={self.redact!r})"

    def __bool__(self) -> bool:
        return self.mode is not None or self.redact

    def __call__(self, hits: Hits) -> Hits:
        """Hits that may be shown; of rejected lines it is not shown what they say."""
        for column in hits.text_columns:
            if label := self.label(column):
                hits = map_column(hits, column, label)
        return hits.withhold_lines()

    @property
    def stated(self) -> Privacy:
        """What may be told of it: in place of the key, what it makes of a blank."""
        return replace(self, key=anonymize(" ", "hash", self.key).encode()) if self.key else self

    def label(self, column: str) -> Replacement | None:
        """What puts another text in place of one of a column; ``None``: nothing need be.

        Args:
            column: name of a text column, also of one that only one format has.

        """
        if column not in BY_NAME:
            return Replacement(self, column) if self else None
        # Labels are equal when they do the same: what does not matter to a column is left out.
        if column in _PERSONS and self.mode is not None:
            return Replacement(Privacy(self.mode, self.key), column)
        return Replacement(Privacy(redact=True), column) if self._redacts(column) else None

    def _redacts(self, column: str) -> bool:
        return self.redact and column in _WITH_QUERIES


class Replacement(Label, frozen=True, tag="replacement"):
    """The text that is shown in place of one of a column.

    Attributes:
        privacy: what is replaced.
        column: the column; one with persons or queries, or one that only its format knows.

    """

    privacy: Privacy
    column: str

    def __call__(self, value: str) -> str:
        """The other text."""
        privacy, column = self.privacy, self.column
        if column not in BY_NAME:
            return self._of_unknown(value)
        if privacy.mode is not None:
            return _PERSONS[column](value, privacy.mode, privacy.key)
        return _WITH_QUERIES[column](value)

    @property
    def stated(self) -> object:
        """The same without the key."""
        return replace(self, privacy=self.privacy.stated)

    def _of_unknown(self, text: str) -> str:
        """Without whatever looks personal or secret."""
        privacy = self.privacy
        if privacy.redact:
            secret = "cookie" in self.column or is_secret_name(self.column)
            text = REDACTED if secret else _redact_words(text)
        if privacy.mode is None:
            return text
        return _anonymous_list(text, privacy.mode, privacy.key, names=False)


_ENTRY = re.compile(r"[^,\s]+")


def _anonymous_list(text: str, mode: Mode, key: bytes, *, names: bool = True) -> str:
    """Addresses as proxies list them, each made anonymous; of other words maybe none."""

    def anonymous(entry: re.Match[str]) -> str:
        known = names or parse_address(entry[0]) is not None
        return anonymize(entry[0], mode, key) if known else entry[0]

    return _ENTRY.sub(anonymous, text)


_PERSONS: dict[str, Callable[[str, Mode, bytes], str]] = {
    "client": anonymize,
    "user": anonymize,
    "forwarded_for": _anonymous_list,
}
"""Columns that identify who asked."""


def _redact_words(text: str) -> str:
    """A text that need not be an address of the Web, without secrets.

    What follows a ``?`` may have blanks, so that all of it is one query.
    """
    before, mark, query = text.partition("?")
    words = (redact_query(word) for word in before.split(" "))
    return " ".join(words) + mark + redact_query(query)


_WITH_QUERIES: dict[str, TextMap] = {
    "query": redact_query,
    "target": redact_url,
    "referrer": redact_url,
    "request_raw": _redact_words,
}
"""Columns that may hold a query."""
