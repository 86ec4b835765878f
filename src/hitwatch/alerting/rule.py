"""The rule kinds and their settings; judges nothing."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from typing import ClassVar

from msgspec import Struct

from hitwatch.errors import SettingsError
from hitwatch.instants import MINUTE, SECOND, Duration, format_duration
from hitwatch.stats.metric import BY_NAME
from hitwatch.values import MOST_STEPS

UNITS = {name: f"{BY_NAME[name].unit}/s" for name in ("bytes", "hits")}
"""The metrics that a rule can watch, and the unit its averages are said in."""


class Severity(Enum):
    """What is to be done about an alert."""

    INFO = "info"
    """Nothing: it is there to be read."""
    WARNING = "warning"
    """Something, in working hours."""
    PAGE = "page"
    """Somebody is woken."""


class SurgeRule(Struct, frozen=True):
    """Fires while a short average exceeds the long average before it, times a threshold.

    Attributes:
        name: what alerts of this rule are called.
        metric: ``bytes`` or ``hits``, summed a bucket.
        short: length of the short window.
        long: length of the window right before it; the two do not overlap.
        threshold: strictly exceeded while the alert lasts.
        resolution: width of a bucket.
        severity: what is to be done about its alerts.
        kind: what all rules of this type are called.

    Raises:
        SettingsError: the settings make no sense together.

    """

    name: str = "outflow"
    metric: str = "bytes"
    short: Duration = 2 * MINUTE
    long: Duration = 20 * MINUTE
    threshold: Fraction = Fraction(3, 2)
    resolution: Duration = 10 * SECOND
    severity: Severity = Severity.INFO
    kind: ClassVar[str] = "surge"

    def __post_init__(self) -> None:
        if self.metric not in UNITS:
            raise SettingsError(
                f"unknown metric {self.metric!r}", hint=f"known metrics: {', '.join(UNITS)}"
            )
        if self.resolution <= 0:
            raise SettingsError("the resolution must be longer than nothing")
        for name, window in (("short", self.short), ("long", self.long)):
            if window <= 0 or window % self.resolution:
                raise SettingsError(
                    f"the {name} window of {format_duration(window)} is no whole multiple"
                    f" of the resolution of {format_duration(self.resolution)}",
                    hint="both windows are counted in whole buckets",
                )
        if self.long_steps > MOST_STEPS:
            raise SettingsError(
                f"the long window of {format_duration(self.long)} has more than {MOST_STEPS:,}"
                f" buckets of {self.resolution:,} µs",
                hint="a wider resolution takes fewer",
            )
        if self.short >= self.long:
            raise SettingsError(
                f"the short window of {format_duration(self.short)} is not shorter than"
                f" the long window of {format_duration(self.long)}",
                hint="the long window is the ordinary time that the short one is compared with",
            )
        if self.threshold <= 1:
            raise SettingsError(
                f"a threshold of {float(self.threshold):g} would fire on ordinary traffic",
                hint="it must be greater than 1; the default is 1.5",
            )

    @property
    def short_steps(self) -> int:
        """Number of buckets in the short window."""
        return self.short // self.resolution

    @property
    def long_steps(self) -> int:
        """Number of buckets in the long window."""
        return self.long // self.resolution

    @property
    def unit(self) -> str:
        """Unit of the averages as said to people and programs."""
        return UNITS[self.metric]
