"""Panels of the places that hits came from."""

from __future__ import annotations

from collections.abc import Mapping

from hitwatch.stats.dimension import UNKNOWN, Dimension, Label, Panel

_TITLES = {"countries": "Countries", "cities": "Cities", "asns": "Networks (ASN)"}


def geography_panels(labels: Mapping[str, Label]) -> tuple[Panel, ...]:
    """The panels of places.

    Args:
        labels: what makes keys out of addresses of clients, by name of the panel:
            ``countries``, ``cities``, ``asns``.

    Returns:
        A panel for each; without a label for countries, the one of countries as logged.

    """
    found = [
        Panel(name, title, Dimension("client"), labels[name])
        for name, title in _TITLES.items()
        if name in labels
    ]
    if "countries" not in labels:
        found.insert(
            0, Panel("countries", _TITLES["countries"], Dimension("country"), logged_country)
        )
    return tuple(found)


def logged_country(text: str) -> str:
    """The key of a country as a log has it: codes in upper case, as they come in both.

    >>> logged_country("de"), logged_country("Germany"), logged_country("XX")
    ('DE', 'Germany', '(unknown)')

    """
    text = text.strip()
    if len(text) != 2:
        return text or UNKNOWN
    # XX is Cloudflare's word for an address it cannot place.
    return UNKNOWN if text.upper() == "XX" else text.upper()
