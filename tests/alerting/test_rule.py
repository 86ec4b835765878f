"""Settings of the rule that make no sense are refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hitwatch.alerting.rule import SurgeRule
from hitwatch.config import from_keywords
from hitwatch.errors import SettingsError, UsageError
from hitwatch.instants import MINUTE, SECOND
from hitwatch.options.shared import RuleOptions
from hitwatch.run.wiring import rule_of


def surge_rule(**words: object) -> SurgeRule:
    """The rule that a user's settings make."""
    return rule_of(from_keywords("report", words, [RuleOptions]).rule)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"short": "25m", "long": "20m"}, "short window of 25m is not shorter"),
        ({"short": "20m", "long": "20m"}, "not shorter"),
        ({"threshold": "1"}, "threshold of 1 would fire"),
        ({"threshold": "0.5"}, "threshold of 0.5 would fire"),
        ({"threshold": "much"}, "'much' is not a number"),
        ({"threshold": "nan"}, "not a number"),
        ({"short": "2m5s"}, "no whole multiple of the resolution of 10s"),
        ({"short": "0s"}, "must be longer than nothing"),
        ({"resolution": "0s"}, "must be longer than nothing"),
        ({"resolution": "7s"}, "no whole multiple"),
        ({"short": "2 moons"}, "invalid duration '2 moons'"),
    ],
)
def test_refused(words: dict[str, str], message: str) -> None:
    """Each says what is wrong in one clear sentence."""
    with pytest.raises(SettingsError, match=message):
        surge_rule(**words)


def test_an_unknown_metric_is_refused() -> None:
    """By the name of the argument and with those that there are, as any value that is chosen."""
    with pytest.raises(UsageError, match="metric: invalid metric 'smiles'") as error:
        surge_rule(metric="smiles")
    assert error.value.hint == "expected one of: bytes, hits"
    with pytest.raises(SettingsError, match="unknown metric 'smiles'"):
        SurgeRule(metric="smiles")


def test_defaults() -> None:
    """Without words it is the rule as the customer specified it."""
    rule = surge_rule()
    assert rule == SurgeRule()
    assert (rule.name, rule.metric, rule.unit) == ("outflow", "bytes", "bytes/s")
    assert (rule.short_steps, rule.long_steps, rule.threshold) == (12, 120, Fraction(3, 2))
    assert (rule.short, rule.long, rule.resolution) == (2 * MINUTE, 20 * MINUTE, 10 * SECOND)


def test_thresholds_are_decimal() -> None:
    """1.1 means eleven tenths, not the binary number next to it."""
    assert surge_rule(threshold=1.1).threshold == Fraction(11, 10)
