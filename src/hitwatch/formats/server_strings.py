"""What ``--log-format`` takes: the name of a format, or the string of a server's."""

from __future__ import annotations

import re

from hitwatch.errors import FormatError
from hitwatch.formats.apache import NICKNAMES, apache_format
from hitwatch.formats.directives import nearest
from hitwatch.formats.format import Format
from hitwatch.formats.nginx import nginx_format
from hitwatch.formats.patterns import pattern_format
from hitwatch.formats.registry import builtin, by_name, named
from hitwatch.formats.vocabularies import NAMES, own_format

_APACHE_LINE = re.compile(r"\s*(LogFormat|CustomLog|TransferLog|GlobalLog)\s", re.IGNORECASE)
_NGINX_LINE = re.compile(r"\s*(log_format\s|escape=)")
_APACHE = re.compile(r"%[<>!,\d]*(\{[^}]*\})?[<>]*(\^|[A-Za-z])|%\{|%[<>]")
_NGINX = re.compile(r"\$(\{|[a-z_])")


def format_of(text: str) -> Format:
    """Find or compile a format.

    Args:
        text: a known name or alias, an Apache format string or ``LogFormat`` line, an nginx
            format string or ``log_format`` directive, ``~`` and a regular expression, or the
            string of another server with its name in front, ``tomcat: %h %D``, or in the
            setting that it stands in.

    Raises:
        FormatError: no format has that name, or the string is wrong.

    """
    name = text.strip()
    if name.startswith("~"):
        return pattern_format(name[1:])
    known = own_format(text)
    if known is not None:
        return known
    if _APACHE_LINE.match(text):
        return apache_format(text)
    if _NGINX_LINE.match(text):
        return nginx_format(text)
    apache, nginx = (len(kind.findall(text)) for kind in (_APACHE, _NGINX))
    if nginx and nginx >= apache:
        return nginx_format(text)
    if apache or "%" in text:
        return apache_format(text)
    try:
        return by_name(name)
    except FormatError as error:
        if name in NICKNAMES:
            return apache_format(name)
        raise _unknown(name) from error


def _unknown(name: str) -> FormatError:
    formats = [*builtin().values(), *named().values()]
    names = sorted(known.name for known in formats)
    aliases = [alias for known in formats for alias in known.aliases]
    advice = nearest(name, [*names, *aliases, *NICKNAMES])
    return FormatError(
        f"unknown log format {name!r}",
        hint=f"{advice + ' ' if advice else ''}known formats: {', '.join(names)}; "
        "or a string with Apache's % directives or nginx' $ variables; or another server's "
        f"with its name in front ('tomcat: %h %D'): {', '.join(sorted(NAMES))}; "
        "or ~ and a regular expression",
    )
