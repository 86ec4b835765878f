"""What ``--log-format`` takes: the name of a format, or the string of a server's."""

from __future__ import annotations

import re

from hitwatch.errors import FormatError
from hitwatch.formats.apache import NICKNAMES, apache_format
from hitwatch.formats.format import Format
from hitwatch.formats.nginx import nginx_format
from hitwatch.formats.patterns import pattern_format
from hitwatch.formats.registry import builtin, by_name, name_only, unknown_format
from hitwatch.formats.vocabularies import NAMES, server_format

_APACHE_LINE = re.compile(r"\s*(LogFormat|CustomLog|TransferLog|GlobalLog)\s", re.IGNORECASE)
_NGINX_LINE = re.compile(r"\s*(log_format\s|escape=)")
_APACHE = re.compile(r"%[<>!,\d]*(\{[^}]*\})?[<>]*(\^|[A-Za-z])|%\{|%[<>]")
_NGINX = re.compile(r"\$(\{|[a-z_])")


def resolve_format(text: str) -> Format:
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
    known = server_format(text)
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
        formats = [*builtin().values(), *name_only().values()]
        raise unknown_format(
            name,
            formats,
            others=list(NICKNAMES),
            also="; or a string with Apache's % directives or nginx' $ variables; or another"
            " server's with its name in front ('tomcat: %h %D'):"
            f" {', '.join(sorted(NAMES))}; or ~ and a regular expression",
        ) from error
