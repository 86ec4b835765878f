"""CSV that a spreadsheet takes as it stands: what strangers wrote into a log is no formula.

OWASP's advice (https://owasp.org/www-community/attacks/CSV_Injection): a text that begins as a
formula does stands behind an apostrophe. Numbers stay numbers.
"""

from __future__ import annotations

from hitwatch.tables import rows as plain
from hitwatch.tables.rows import Rows

_WIDE = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The wide forms of ``= + - @``, which spreadsheets of East Asia take alike."""

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", *_WIDE)
_FORMULA = f"^([{''.join(_BEGINNINGS).replace('-', '')}-])"


def no_formula(text: str) -> str:
    """A text, behind an apostrophe where it would else begin a formula."""
    return f"'{text}" if text.startswith(_BEGINNINGS) else text


def to_safe_csv(rows: Rows, *, header: bool) -> bytes:
    """Rows as CSV (RFC 4180), times as RFC 3339, absent values empty, texts without formulas."""
    texts = [name for name, kind in rows.schema.items() if kind.to_python() is str]
    made = rows.with_columns(rows[name].cast(str).str.replace(_FORMULA, "'$1") for name in texts)
    made.columns = list(map(no_formula, made.columns))
    return plain.to_csv(made, header=header)
