"""Who is behind an alert, as text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from hitwatch.alerting.alert import Contributor, Transition
from hitwatch.alerting.causes import SECTION
from hitwatch.render.units import amount, percent, sanitize

_WIDTH = 32
_LEAST = 0.0005


def contributor_lines(transition: Transition) -> list[str]:
    """The keys that grew most, a line a column: how much more each is, and its part of the rise."""
    lines = []
    for dimension, keys in groupby(transition.contributors, lambda each: each.dimension):
        name = "contributors" if dimension == SECTION else f"{dimension}s"
        lines.append(f"    top {name}: {_wording(list(keys), transition.unit)}")
    return lines


def _wording(contributors: Sequence[Contributor], unit: str) -> str:
    return ", ".join(
        f"{sanitize(each.key, _WIDTH)} +{amount(each.excess, unit)} ({percent(each.share)})"
        for number, each in enumerate(contributors)
        # A share that is shown as nothing explains nothing; where all are so, the first does.
        if each.share >= _LEAST or not number
    )
