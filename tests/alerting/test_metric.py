"""What a rule watches is settled by what lines hold, when it is judged for the first time."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from hitwatch.alerting.judge import Judge
from hitwatch.alerting.metric import MetricJudge, on_hits
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import SECOND

RULE = SurgeRule(short=2 * SECOND, long=6 * SECOND, resolution=SECOND, threshold=Fraction(3, 2))
FIRST_JUDGED = 9
"""Buckets that have closed when a rule with these windows is judged for the first time."""

BEHIND = 2
"""Buckets that have begun when one is closed: the watermark is behind."""

BUCKETS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 500), st.booleans()), min_size=1, max_size=40
)


@given(BUCKETS)
@example([(1, 0, False)] * 9 + [(1, 9, True)] * 20 + [(5, 9, True)] * 3)
@example([(1, 9, False)] * 8 + [(1, 9, True)] * 20 + [(5, 99, True)] * 3)
def test_the_first_judgement_settles_it(buckets: list[tuple[int, int, bool]]) -> None:
    """Bytes known of any bucket closed by then: by bytes; else by hits, and for good."""
    judge = MetricJudge(RULE)
    changes = []
    for second, (hits, size, sized) in enumerate(buckets):
        changes += judge.advance((second - BEHIND) * SECOND)
        judge.add(second * SECOND, hits, size if sized else 0, has_bytes=sized)
    changes += judge.advance(len(buckets) * SECOND)
    known = any(sized for _, _, sized in buckets[:FIRST_JUDGED])
    alone = Judge(RULE if known else on_hits(RULE))
    wanted = []
    for second, (hits, size, sized) in enumerate(buckets):
        wanted += alone.advance((second - BEHIND) * SECOND)
        alone.add(second * SECOND, (size if sized else 0) if known else hits)
    wanted += alone.advance(len(buckets) * SECOND)
    assert changes == wanted
    if len(buckets) >= FIRST_JUDGED:
        assert judge.is_settled
        assert judge.rule.name == ("outflow" if known else "traffic")


def test_a_rule_on_hits_watches_hits() -> None:
    """Who asks for hits gets hits, whatever lines hold."""
    judge = MetricJudge(on_hits(RULE))
    judge.add(0, 1, 100, has_bytes=True)
    assert judge.is_settled
    assert judge.rule.metric == "hits"
