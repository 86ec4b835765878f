"""The watermark only rises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hitwatch.instants import SECOND
from hitwatch.stats.watermark import Watermark


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


def test_two_seconds_of_lateness_and_ten_of_grace() -> None:
    """Unless somebody says otherwise, the watermark is what the documents promise."""
    watermark = Watermark()
    watermark.observe(100 * SECOND)
    assert watermark.at == 98 * SECOND
    watermark.idle(200 * SECOND)
    assert watermark.at == 190 * SECOND
