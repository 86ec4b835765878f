"""Servers of W3C's extended format that name its fields in their settings.

WebLogic: https://docs.oracle.com/middleware/12213/wls/CNFGD/web_server.htm#CNFGD211, Tomcat's
ExtendedAccessLogValve: https://tomcat.apache.org/tomcat-9.0-doc/config/valve.html. Unlike IIS
they count ``time-taken`` in seconds and write ``bytes``, the body, for what IIS calls sc-bytes.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from hitwatch.errors import FormatError, did_you_mean, format_error_at
from hitwatch.formats.fields import FIELDS
from hitwatch.formats.format import Field, Format, Line
from hitwatch.formats.registry import by_name
from hitwatch.formats.w3c import with_fields

NAMES = ("weblogic", "tomcat-extended")
_SETTING = re.compile(
    r"""<Valve\b[^>]*ExtendedAccessLogValve[^>]*?\bpattern\s*=\s*"([^"]*)"|"""
    r"""<elf-fields>([^<]*)</elf-fields>""",
    re.DOTALL,
)
_KNOWN = (
    "date", "time", "time-taken", "bytes", "c-ip", "c-dns", "cs-method", "cs-uri", "cs-uri-stem",
    "cs-uri-query", "cs-version", "sc-status", "sc-comment", "s-ip", "s-dns", "x-threadname",
    "ctx-ecid", "ctx-rid", "ctx-bea-tenant-id", "time-taken-ns", "time-taken-us", "time-taken-ms",
    "time-taken-fracsec", "time-taken-s", "cs-username", "cached",
)  # fmt: skip
_SELECTED = re.compile(r"(?:cs|sc|x-[ACHOPRS])\([^)]+\)|x-[\w.$-]+", re.IGNORECASE)
_FIELDS_BY_NAME = {
    "bytes": "bytes_clf",
    "time-taken": "duration_s",
    "time-taken-s": "duration_s",
    "time-taken-fracsec": "duration_s",
    "time-taken-ms": "duration_ms",
    "time-taken-us": "duration_us",
    "time-taken-ns": "duration_ns",
}


def is_setting(text: str) -> bool:
    """Whether a text is a setting of one of these servers."""
    return _SETTING.search(text) is not None


def extended_format(text: str, name: str = "weblogic") -> Format:
    """Compile a list of fields: ``date time cs-method cs-uri sc-status bytes time-taken``.

    Args:
        text: the fields, or the setting that holds them.
        name: which of the servers.

    Raises:
        FormatError: a field that these servers do not have.

    """
    found = _SETTING.search(text)
    string = (next(g for g in found.groups() if g is not None) if found else text).strip()
    names = [(match[0], match.start()) for match in re.finditer(r"\S+", string)]
    for word, at in names:
        if word.lower() not in _KNOWN and not _SELECTED.fullmatch(word):
            advice = did_you_mean(word.lower(), _KNOWN)
            advice = advice or "see WebLogic's or Tomcat's documentation"
            raise format_error_at(f"unknown field {word!r}", string, at, advice)
    if not names:
        raise FormatError("no fields", hint="such as 'date time cs-method cs-uri sc-status'")
    log_format = with_fields(by_name("w3c"), string)
    words = [word.lower() for word, _ in names]
    return replace(
        log_format,
        name=f"{name}-custom",
        title=f"W3C extended: {string}",
        lines=tuple(_apply_units(line, words) for line in log_format.lines),
        bytes_mean="body",
        server="WebLogic, Tomcat's ExtendedAccessLogValve",
    )


def _apply_units(line: Line, words: list[str]) -> Line:
    """The line, with these servers' readings where IIS' are others."""
    fields: list[Field] = list(line.fields)
    filled: set[str] = set()
    for index, word in enumerate(words):
        known = _FIELDS_BY_NAME.get(word)
        if known and FIELDS[known].column not in filled:
            filled.add(FIELDS[known].column or "")
            fields[index] = replace(fields[index], name=known, spec=FIELDS[known])
    return replace(line, fields=tuple(fields))
