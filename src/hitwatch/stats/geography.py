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
            0, Panel("countries", _TITLES["countries"], Dimension("country"), LoggedCountry())
        )
    return tuple(found)


class LoggedCountry(Label, frozen=True, tag="logged_country"):
    """The key of a country as a log has it: codes in upper case, as they come in both.

    >>> [LoggedCountry()(text) for text in ("de", "Germany", "XX")]
    ['DE', 'Germany', '(unknown)']

    """

    def __call__(self, value: str) -> str:
        """The key of a country."""
        text = value.strip()
        if len(text) != 2:
            return text or UNKNOWN
        # XX is Cloudflare's word for an address it cannot place.
        return UNKNOWN if text.upper() == "XX" else text.upper()
