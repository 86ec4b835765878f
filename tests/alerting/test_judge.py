"""The default rule, against a plain model that keeps every step in a list."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hitwatch.alerting.alert import State, rank_contributors
from hitwatch.alerting.judge import Judge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import MINUTE, SECOND

STEP = 10 * SECOND


def small_rule(short: int, long: int, threshold: str) -> SurgeRule:
    """Build a rule of so many ten-second steps."""
    return SurgeRule(short=short * STEP, long=long * STEP, threshold=Fraction(threshold))


RULES = st.builds(
    small_rule, st.integers(1, 3), st.integers(4, 7), st.sampled_from(["1.5", "1.1", "3", "1.01"])
)
TRAFFIC = st.dictionaries(
    st.integers(0, 90) | st.integers(2000, 2050), st.integers(0, 6).map(lambda n: n * 5), min_size=1
)

SPARSE = st.dictionaries(
    st.integers(0, 300).map(lambda n: n * 17), st.integers(0, 6).map(lambda n: n * 5), min_size=1
)


def model(traffic: dict[int, int], rule: SurgeRule) -> list[tuple[bool, int]]:
    """Changes as (fires, number of the bucket end), step by step over all steps."""
    first, last = min(traffic), max(traffic)
    steps = [traffic.get(bucket, 0) for bucket in range(first, last + 1)]
    changes, firing = [], False
    short, long = rule.short_steps, rule.long_steps
    for closed in range(short + long + 1, len(steps) + 1):
        windows = steps[closed - short - long : closed]
        average, before = Fraction(sum(windows[long:]), short), Fraction(sum(windows[:long]), long)
        exceeds = average > before * rule.threshold
        if exceeds != firing:
            changes.append((exceeds, first + closed))
            firing = exceeds
    return changes


def judged(traffic: dict[int, int], rule: SurgeRule) -> list[tuple[bool, int]]:
    """Judge each bucket in turn and list (fires, bucket) of every change."""
    judge, changes = Judge(rule), []
    for bucket in sorted(traffic):
        changes += judge.advance(bucket * STEP)
        judge.add(bucket * STEP, traffic[bucket])
    changes += judge.advance((max(traffic) + 1) * STEP)
    return [(change.state is State.FIRING, change.at // STEP) for change in changes]


@given(TRAFFIC, RULES)
@example({bucket: 10 if bucket < 8 else 15 for bucket in range(9)}, small_rule(1, 7, "1.5"))
def test_default_rule(traffic: dict[int, int], rule: SurgeRule) -> None:
    """The judge raises and clears exactly where the plain model does, ties included."""
    assert judged(traffic, rule) == model(traffic, rule)


@given(TRAFFIC | SPARSE, RULES, st.integers(1, 100))
def test_many_buckets_at_once_are_judged_as_one_by_one(
    traffic: dict[int, int], rule: SurgeRule, size: int
) -> None:
    """Also where next to none have anything, and whether the rule is armed or not meanwhile."""
    judge, changes = Judge(rule), []
    starts = sorted(traffic)
    for begin in range(0, len(starts), size):
        some = {start * STEP: traffic[start] for start in starts[begin : begin + size]}
        changes += judge.advance(min(some))
        judge.add_all(some)
    changes += judge.advance((starts[-1] + 1) * STEP)
    found = [(change.state is State.FIRING, change.at // STEP) for change in changes]
    assert found == model(traffic, rule)


def test_the_specified_windows() -> None:
    """With the defaults the first judgement is at the end of the 133rd bucket."""
    rule = SurgeRule()
    judge = Judge(rule)
    judge.add(0, 1_000_000_000)
    for bucket in range(1, 133):
        judge.advance(bucket * STEP)
        judge.add(bucket * STEP, 16 if bucket > 120 else 10)
        assert judge.status.state is State.WARMING_UP
    assert judge.advance(132 * STEP) == []
    (change,) = judge.advance(133 * STEP)
    assert (change.at, change.value, change.baseline) == (133 * STEP, 1.6, 1.0)
    assert judge.status.armed_at == 133 * STEP


def test_a_tie_does_not_fire() -> None:
    """Exactly threshold times the baseline is not more than that."""
    steady = {bucket: 10 if bucket <= 120 else 15 for bucket in range(133)}
    assert judged(steady, SurgeRule()) == []
    assert judged({**steady, 132: 16}, SurgeRule()) == [(True, 133)]


def test_late_amounts_join_later_windows_only() -> None:
    """A late amount changes later judgements, not those that were made."""
    rule = small_rule(1, 4, "1.5")
    judge = Judge(rule)
    for bucket in range(8):
        assert judge.advance(bucket * STEP) == []
        judge.add(bucket * STEP, 10)
    assert judge.advance(8 * STEP) == []
    judge.add(7 * STEP, 90)
    judge.add(0, 10**9)
    assert judge.sums[7 * STEP] == 100
    assert judge.short_sum == 100
    judge.add(8 * STEP, 48)
    assert judge.advance(9 * STEP) == []  # 48 against (10 + 10 + 10 + 100) / 4 * 1.5
    judge.add(9 * STEP, 100)
    (change,) = judge.advance(10 * STEP)
    assert change.baseline == pytest.approx((10 + 10 + 100 + 48) / 40)


def test_years_of_silence_cost_nothing() -> None:
    """A gap of a thousand years is stepped over, and the changes stay the same."""
    rule = small_rule(2, 5, "1.5")
    traffic = dict.fromkeys(range(9), 10) | {3_000_000_000 + b: 10 for b in range(9)}
    fires = [(True, 3_000_000_001), (False, 3_000_000_006)]
    found = judged(traffic, rule)
    assert found[-2:] == fires
    assert len(found) == 2


def test_an_alert_knows_its_peak_and_its_length() -> None:
    """The end of an alert says when it began, how long it lasted, and the highest average."""
    rule = small_rule(1, 4, "1.5")
    judge, changes = Judge(rule), []
    for bucket, amount in enumerate([0, 10, 10, 10, 10, 10, 40, 90, 60, 10, 10]):
        changes += judge.advance(bucket * STEP)
        judge.add(bucket * STEP, amount)
    fired, ended = changes
    assert (fired.at, fired.fired_at) == (7 * STEP, 7 * STEP)
    assert (ended.fired_at, ended.peak, ended.peak_at) == (7 * STEP, 9.0, 8 * STEP)
    assert ended.lasted == ended.at - fired.at
    # From the window that fired on: 40, 90, 60 and 10 where 10 were usual.
    assert (fired.excess, ended.excess) == (30.0, 160.0)
    assert fired.expected == (0.0, 1.5)


def test_late_amounts_of_an_alert_are_in_its_excess() -> None:
    """What arrives late counts when it is of the time of the alert, and not when it is before."""
    rule = small_rule(1, 4, "1.5")
    judge, changes = Judge(rule), []
    for bucket, amount in enumerate([0, 10, 10, 10, 10, 10, 40, 90, 60]):
        changes += judge.advance(bucket * STEP)
        judge.add(bucket * STEP, amount)
    judge.add(5 * STEP, 1)
    judge.add(6 * STEP, 2)
    judge.add(7 * STEP, 4)
    for bucket in (9, 10):
        changes += judge.advance(bucket * STEP)
        judge.add(bucket * STEP, 10)
    changes += judge.advance(11 * STEP)
    assert changes[-1].state is State.RESOLVED
    assert changes[-1].excess == 40 + 90 + 60 + 10 + 2 + 4 - 40


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 1000)),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 1000)),
)
def test_rank_contributors(short: dict[str, int], long: dict[str, int]) -> None:
    """Sections are ranked by how much they grew; shares are of all growth; none shrank."""
    rule = SurgeRule(short=MINUTE, long=2 * MINUTE)
    found = rank_contributors(rule, "section", short, long, limit=10)
    growth = [part.value - part.baseline for part in found]
    assert growth == sorted(growth, reverse=True)
    assert all(part > 0 for part in growth)
    assert not found or sum(part.share for part in found) == pytest.approx(1)
