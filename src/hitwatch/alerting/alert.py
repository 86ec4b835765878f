"""What a judgement gives: states, transitions, alerts and their contributors; words nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from math import fsum

from msgspec import Struct

from hitwatch.alerting.rule import Severity, SurgeRule
from hitwatch.instants import Duration, Instant


class State(Enum):
    """Where a rule stands, or what became of an alert."""

    WARMING_UP = "warming_up"
    OK = "ok"
    FIRING = "firing"
    RESOLVED = "resolved"


class Reason(Enum):
    """Why a rule went from one state to another."""

    ABOVE_EXPECTED = "above_expected"
    BACK_TO_EXPECTED = "back_to_expected"


class Contributor(Struct, frozen=True):
    """One key's part in a rise.

    Attributes:
        dimension: the column that the key is of, such as ``section``.
        key: the key.
        value: its short average, per second.
        baseline: its long average, per second.
        share: its part of everything that grew, 0 to 1.

    """

    dimension: str
    key: str
    value: float
    baseline: float
    share: float

    @property
    def excess(self) -> float:
        """How much more it is than before, per second."""
        return self.value - self.baseline


class Transition(Struct, frozen=True):
    """An alert fired or resolved.

    Attributes:
        rule: the rule's name.
        state: ``State.FIRING`` or ``State.RESOLVED``.
        at: end of the bucket at which it was judged.
        value: short average, per second.
        baseline: long average, per second.
        threshold: what their ratio was compared with.
        unit: of value and baseline.
        fired_at: when the alert began; equal to ``at`` when it begins.
        peak: highest short average since it began, per second.
        peak_at: when that was judged.
        kind: of the rule.
        severity: what is to be done about it.
        excess: how much more there was by now than at the baseline of when it fired, since the
            short window began at which it fired; not per second.
        contributors: what grew most, sections first, of each column the largest first.

    """

    rule: str
    state: State
    at: Instant
    value: float
    baseline: float
    threshold: float
    unit: str
    fired_at: Instant
    peak: float
    peak_at: Instant
    kind: str = SurgeRule.kind
    severity: Severity = Severity.INFO
    excess: float = 0.0
    contributors: tuple[Contributor, ...] = ()

    @property
    def lasted(self) -> Duration:
        """How long the alert has lasted by now."""
        return self.at - self.fired_at

    @property
    def expected(self) -> tuple[float, float]:
        """The least and the most that the short average could be without an alert, per second."""
        return 0.0, self.baseline * self.threshold

    @property
    def reason(self) -> Reason:
        """Why it fired or resolved."""
        fires = self.state is State.FIRING
        return Reason.ABOVE_EXPECTED if fires else Reason.BACK_TO_EXPECTED


class Alert(Struct, frozen=True):
    """An alert from its beginning to its end.

    Attributes:
        fired: its beginning.
        resolved: its end; ``None`` while it lasts.
        peak: highest short average by now, per second.

    """

    fired: Transition
    resolved: Transition | None
    peak: float

    @property
    def rule(self) -> str:
        """The rule's name."""
        return self.fired.rule

    @property
    def fired_at(self) -> Instant:
        """When it began."""
        return self.fired.at

    @property
    def resolved_at(self) -> Instant | None:
        """When it ended; ``None`` while it lasts."""
        return self.resolved.at if self.resolved else None


def add_transition(alerts: list[Alert], transition: Transition) -> None:
    """Begin another alert of a rule, or end the one that was begun last."""
    if transition.state is State.FIRING:
        alerts.append(Alert(transition, None, transition.peak))
    else:
        alerts[-1] = Alert(alerts[-1].fired, transition, transition.peak)


class RuleStatus(Struct, frozen=True):
    """How a rule stands at an instant.

    Attributes:
        rule: the rule.
        state: warming up, ok, or firing.
        value: short average, per second; ``None`` while warming up.
        baseline: long average, per second; ``None`` while warming up.
        armed_at: the first bucket end that is judged; ``None`` before the first event.
        fired_at: when the running alert began; ``None`` without one.

    """

    rule: SurgeRule
    state: State
    value: float | None
    baseline: float | None
    armed_at: Instant | None
    fired_at: Instant | None


def rank_contributors(
    rule: SurgeRule,
    dimension: str,
    short_sums: Mapping[str, int],
    long_sums: Mapping[str, int],
    limit: int = 3,
) -> tuple[Contributor, ...]:
    """Rank the keys of a column behind a rise by how much their average grew.

    Args:
        rule: gives the lengths of the windows.
        dimension: the column.
        short_sums: the metric's sum by key over the short window.
        long_sums: the same over the long window.
        limit: how many to give at most.

    Returns:
        The keys that grew, the largest growth first; those that shrank are left out.

    """
    short_s, long_s = rule.short / 1e6, rule.long / 1e6
    growth = {
        key: total / short_s - long_sums.get(key, 0) / long_s for key, total in short_sums.items()
    }
    grown = {key: excess for key, excess in growth.items() if excess > 0}
    # However the sums come, their sum is the same to the last bit.
    everything = fsum(grown.values())
    ranked = sorted(grown, key=lambda key: (-grown[key], key))
    return tuple(
        Contributor(
            dimension=dimension,
            key=key,
            value=short_sums[key] / short_s,
            baseline=long_sums.get(key, 0) / long_s,
            share=grown[key] / everything,
        )
        for key in ranked[:limit]
    )
