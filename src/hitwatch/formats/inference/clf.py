"""What values look like in logs of the common log format and its kin: patterns of text."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_V4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_V6 = r"(?=[0-9A-Fa-f.%:]*:[0-9A-Fa-f.]*:)[0-9A-Fa-f:]{2,}(?:%\w+)?(?:\d[\d.]*)?"
_ADDRESS = rf"(?:{_V4}(?::\d{{1,5}})?|\[{_V6}\](?::\d{{1,5}})?|{_V6})"
_LISTED = rf"(?:{_ADDRESS}|unknown|-)"
ADDRESSES = re.compile(rf"{_LISTED}(?:, *{_LISTED})*")
HOST = re.compile(
    r"(?=[^ ]*[A-Za-z*])[\w*-]+(?:\.[\w*-]+)*\.[A-Za-z*][\w*-]*\.?(?::\d{1,5})?|localhost(?::\d+)?"
)
CLF = r"\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: [+-]\d{2}:?\d{2}| [A-Z]{1,4})?"
ISO = r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?"

METHOD = r"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PROPFIND|PURGE)"
REFERRER = re.compile(r"https?://.*|android-app://.*")
URL = re.compile(r"[a-z][a-z0-9+.-]*://|-?$|android-app:")
AGENT = re.compile(r"-|Mozilla/.*|[\w.+-]+/v?\d.*|[\w .+-]*(?:[bB]ot|[cC]rawler|[sS]pider).*")
TLS = re.compile(r"(?:TLS|SSL)v[\d.]+")
CIPHER = re.compile(r"(?:TLS_|ECDHE-|DHE-|AES\d|RC4-|CAMELLIA)[A-Z0-9_-]*")


def all_look_like(values: Iterable[str], pattern: re.Pattern[str]) -> bool:
    """Whether there are values, and all but dashes look like this."""
    some = [value for value in values if value not in ("-", "")]
    return bool(some) and all(pattern.fullmatch(value) for value in some)


def may_be_iis(columns: Iterable[Iterable[str]]) -> bool:
    """Whether lines may be those of IIS whose ``#Fields`` header is lost.

    IIS writes the server's address, ``s-ip``, before the client's, ``c-ip``: of two addresses
    the first is not the client.

    Args:
        columns: the values at each place of the lines.

    """
    return sum(all_look_like(values, ADDRESSES) for values in columns) > 1
