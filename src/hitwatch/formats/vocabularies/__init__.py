"""The log strings of servers other than Apache and nginx, each read by its own vocabulary.

A string is known by the server's name in front of it, ``tomcat: %h %D``, or by the setting
that it stands in, as far as no other server has the like.
"""

from __future__ import annotations

import re

from hitwatch.formats.apache import apache_format
from hitwatch.formats.format import Format
from hitwatch.formats.nginx import nginx_format
from hitwatch.formats.vocabularies import extended
from hitwatch.formats.vocabularies.java import JETTY, UNDERTOW
from hitwatch.formats.vocabularies.proxies import H2O, LIGHTTPD, VARNISH
from hitwatch.formats.vocabularies.scripting import AIOHTTP, GUNICORN, MORGAN, PHP_FPM
from hitwatch.formats.vocabularies.squid import SQUID
from hitwatch.formats.vocabularies.tomcat import TOMCAT, TOMCAT_9, TOMCAT_10
from hitwatch.formats.vocabularies.vocabulary import Vocabulary

ALL: tuple[Vocabulary, ...] = (
    TOMCAT, TOMCAT_9, TOMCAT_10, JETTY, UNDERTOW, LIGHTTPD, H2O, VARNISH, SQUID, GUNICORN,
    AIOHTTP, MORGAN, PHP_FPM,
)  # fmt: skip
_BY_NAME = {name: vocabulary for vocabulary in ALL for name in vocabulary.names}
_APACHES = ("apache", "httpd", "litespeed", "openlitespeed")
"""LiteSpeed takes Apache's strings: https://docs.litespeedtech.com/lsws/cp/cpanel/logging/"""
_NGINXES = ("nginx", "openresty", "tengine", "angie")
NAMES: tuple[str, ...] = (*_BY_NAME, *extended.NAMES, *_APACHES, *_NGINXES)
"""What may stand in front of a string."""

_NAMED = re.compile(r"\s*([A-Za-z][\w.-]*)\s*:\s*(?=\S)(.*)", re.DOTALL)
_MORGAN = re.compile(r":(?:method|url|remote-addr|remote-user|response-time|http-version)\b")


def server_format(text: str) -> Format | None:
    """Compile a string with its server's name in front of it, or a setting that holds one.

    Args:
        text: ``tomcat: %h %l %u %t "%r" %s %b %D``, or a line such as
            ``<Valve className="...AccessLogValve" pattern="..."/>``.

    Returns:
        ``None`` where no server is named and no setting known.

    Raises:
        FormatError: the string has a directive that this server does not have.

    """
    named = _NAMED.match(text)
    name = named[1].lower() if named else ""
    if named and name in NAMES and not named[2].startswith("//"):
        return _compile(name, named[2])
    if extended.is_setting(text):
        return extended.extended_format(text)
    for vocabulary in ALL:
        if vocabulary.setting and vocabulary.setting.search(text):
            return vocabulary.compile(text)
    if _MORGAN.search(text) and "%" not in text and "$" not in text:
        return MORGAN.compile(text)
    if "%(" in text and GUNICORN.token.search(text):
        return GUNICORN.compile(text)
    return None


def _compile(name: str, string: str) -> Format:
    if name in _APACHES:
        return apache_format(string)
    if name in _NGINXES:
        return nginx_format(string)
    if name in extended.NAMES:
        return extended.extended_format(string, name)
    return _BY_NAME[name].compile(string)
