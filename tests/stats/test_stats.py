"""The small statistics: exact, or within their stated error, and mergeable."""

from __future__ import annotations

import random
from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.stats.distinct import EXACT_UP_TO, STANDARD_ERROR, Distinct
from hitwatch.stats.quantiles import RELATIVE_ERROR, Quantiles, bucket, bucket_of
from hitwatch.stats.top import OTHER, Figures, Top
from hitwatch.stats.watermark import Watermark

HASHES = st.integers(0, 2**64 - 1)


def sketch(values: list[float]) -> Quantiles:
    """Fold values into a sketch."""
    found = Quantiles()
    found.update(Counter(map(bucket_of, values)))
    return found


@given(st.lists(st.floats(1e-6, 1e6), min_size=1), st.floats(0, 1))
def test_quantiles_are_within_their_error(values: list[float], fraction: float) -> None:
    """A quantile is within 1 % of the value at its rank."""
    exact = sorted(values)[int(fraction * (len(values) - 1))]
    assert sketch(values).quantile(fraction) == pytest.approx(exact, rel=RELATIVE_ERROR * 1.001)


@given(st.lists(st.floats(0, 1e9)))
def test_buckets_by_expression(values: list[float]) -> None:
    """Buckets are the same one by one and as a Polars expression."""
    column = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    found = column.select(bucket(pl.col("x"))).to_series().to_list()
    assert all(abs(a - b) <= 1 for a, b in zip(found, map(bucket_of, values), strict=True))


@given(st.lists(st.floats(1e-6, 1e6)), st.lists(st.floats(1e-6, 1e6)))
def test_quantiles_merge(first: list[float], second: list[float]) -> None:
    """The merge of two sketches is the sketch of both."""
    merged = sketch(first)
    merged.update(sketch(second).counts)
    assert merged.counts == sketch(first + second).counts
    assert sketch([0.0]).quantile(0.5) == 0.0
    with pytest.raises(ValueError, match="no values"):
        Quantiles().quantile(0.5)


@given(st.lists(HASHES), st.lists(HASHES))
def test_few_distinct_are_exact(first: list[int], second: list[int]) -> None:
    """While few, distinct things are counted exactly, merged or not."""
    mine, other = Distinct(), Distinct()
    mine.update(first)
    other.update(second)
    mine.merge(other)
    assert mine.exact
    assert mine.count == len({*first, *second})


@pytest.mark.parametrize("size", [EXACT_UP_TO + 1, 20_000, 300_000])
def test_many_distinct_are_estimated(size: int) -> None:
    """Beyond that the estimate is within four standard errors, in any order and split."""
    rng = random.Random(size)
    hashes = [rng.getrandbits(64) for _ in range(size)]
    whole, left, right = Distinct(), Distinct(), Distinct()
    whole.update(hashes)
    left.update(hashes[: size // 3])
    right.update(reversed(hashes[size // 4 :]))
    right.merge(left)
    assert not whole.exact
    assert whole.count == pytest.approx(size, rel=4 * STANDARD_ERROR)
    assert right.registers == whole.registers
    exact = Distinct()
    exact.update(hashes[:10])
    exact.merge(whole)
    assert exact.registers == whole.registers


KEYS = st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.integers(1, 9)), max_size=80)


def figures(rows: list[tuple[str, int]]) -> list[tuple[str, Figures]]:
    """Make figures of (key, hits)."""
    return [(key, Figures(hits, hits * 10, 0, 0)) for key, hits in rows]


@given(KEYS, st.integers(1, 8))
def test_top_loses_nothing(rows: list[tuple[str, int]], capacity: int) -> None:
    """Sums stay exact, the number of keys is bounded, and the error is as stated."""
    top = Top(capacity=capacity)
    for row in figures(rows):
        top.update([row])
        assert len(top.figures) <= 2 * capacity + 1
    exact = Counter[str]()
    for key, hits in rows:
        exact[key] += hits
    assert sum(f.hits for f in top.figures.values()) == exact.total()
    assert sum(f.bytes for f in top.figures.values()) == exact.total() * 10
    for key, found in top.ranked():
        if key != OTHER:
            assert exact[key] - top.error <= found.hits <= exact[key]


@given(KEYS, KEYS)
def test_top_merges_exactly_while_few(
    first: list[tuple[str, int]], second: list[tuple[str, int]]
) -> None:
    """With room for all keys, the merge of two is the top of both."""
    one, two, both = Top(), Top(), Top()
    one.update(figures(first))
    two.update(figures(second))
    both.update(figures(first + second))
    one.merge(two)
    assert one.figures == both.figures
    assert one.error == 0


def test_adversarial_keys() -> None:
    """One hot key among ever new ones stays on top, within the stated error."""
    top = Top(capacity=50)
    for number in range(5000):
        top.update(figures([(f"new{number}", 1), ("hot", 1)]))
    (name, hot), *_ = top.ranked(1)
    assert name == "hot"
    assert 5000 - top.error <= hot.hits <= 5000


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**9)), max_size=30))
def test_the_watermark_never_goes_back(steps: list[tuple[bool, int]]) -> None:
    """Whatever comes, the watermark only rises, and an idle clock starts nothing."""
    watermark = Watermark()
    seen = None
    for is_event, instant in steps:
        (watermark.observe if is_event else watermark.idle)(instant)
        assert seen is None or (watermark.at is not None and watermark.at >= seen)
        seen = watermark.at
    events = [instant for is_event, instant in steps if is_event]
    assert watermark.latest == (max(events) if events else None)
