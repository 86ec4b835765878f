"""Who is behind an alert, as text."""

from __future__ import annotations

from hitwatch.alerting.alert import Transition
from hitwatch.render.units import amount, percent, sanitize

_WIDTH = 32
_LEAST = 0.0005


def contributors_wording(transition: Transition) -> str:
    """The keys that grew most, each with how much more it is and its part of all that grew."""
    return ", ".join(
        f"{sanitize(each.key, _WIDTH)} +{amount(each.excess, transition.unit)}"
        f" ({percent(each.share)})"
        for number, each in enumerate(transition.contributors)
        # A share that is shown as nothing explains nothing; where all are so, the first does.
        if each.share >= _LEAST or not number
    )
