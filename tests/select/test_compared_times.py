"""Which time a report is compared with."""

from __future__ import annotations

import pytest

from hitwatch.config import from_keywords
from hitwatch.errors import UsageError
from hitwatch.instants import rfc3339
from hitwatch.options.groups import ReportOptions
from hitwatch.options.shared import FilterOptions, ReadOptions
from hitwatch.run import filters
from hitwatch.select.time_expressions import parse_iso
from hitwatch.zones import IN_UTC

NOW = parse_iso("2026-03-11T12:00Z")


@pytest.mark.parametrize(
    ("since", "until", "compare", "begin", "end"),
    [
        ("2026-02", None, "previous", "2026-01-01T00:00", "2026-02-01T00:00"),
        ("last week", None, "previous", "2026-02-23T00:00", "2026-03-02T00:00"),
        ("this month", None, "previous", "2026-02-01T00:00", "2026-02-11T12:00"),
        ("this year", None, "previous", "2025-01-01T00:00", "2025-03-11T12:00"),
        ("2026-02", "2026-02-11", "previous", "2026-01-22T00:00", "2026-02-01T00:00"),
        ("yesterday", None, "previous", "2026-03-08T12:00", "2026-03-10T00:00"),
        ("2026-02", None, "2025-02", "2025-02-01T00:00", "2025-03-01T00:00"),
        ("2026-02", None, "2025-02-01..2025-02-03", "2025-02-01T00:00", "2025-02-03T00:00"),
    ],
)
def test_the_time_before(
    monkeypatch: pytest.MonkeyPatch,
    since: str,
    until: str | None,
    compare: str,
    begin: str,
    end: str,
) -> None:
    """A month stands beside the month before, one that has begun beside as much of it."""
    monkeypatch.setattr(filters, "_now", lambda: NOW)
    said = {"since": since, "until": until, "compare": compare}
    options = from_keywords("report", said, [FilterOptions, ReportOptions, ReadOptions])
    found = filters.previous_of(options, IN_UTC)
    assert found is not None
    times = [rfc3339(at) for at in found if at is not None]
    assert times == [f"{begin}:00Z", f"{end}:00Z"]


def test_what_is_not_over_is_no_time_to_compare_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what can be written."""
    monkeypatch.setattr(filters, "_now", lambda: NOW)
    for compare in ("2026-03", "yesterday", "2 days ago"):
        options = from_keywords(
            "report", {"compare": compare}, [FilterOptions, ReportOptions, ReadOptions]
        )
        with pytest.raises(UsageError, match="is no time to compare with"):
            filters.previous_of(options, IN_UTC)


@pytest.mark.parametrize(
    ("since", "last_at", "begin", "end"),
    [
        # As long as the log goes on, not as long ago as it ended.
        ("2026-01-05", "2026-01-06T12:00", "2026-01-03T11:59", "2026-01-05T00:00"),
        ("2026-01-05", "2026-01-04T12:00", None, "2026-01-05T00:00"),
        ("this month", "2026-03-10T00:00", "2026-02-01T00:00", "2026-02-10T00:01"),
        ("2026-01", "2026-01-06T12:00", "2025-12-01T00:00", "2026-01-01T00:00"),
    ],
)
def test_what_the_log_does_not_reach_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, since: str, last_at: str, begin: str | None, end: str
) -> None:
    """Of a log that has ended the time before is as long as what it has since then."""
    monkeypatch.setattr(filters, "_now", lambda: NOW)
    said = {"since": since, "compare": "previous"}
    options = from_keywords("report", said, [FilterOptions, ReportOptions, ReadOptions])
    found = filters.previous_of(options, IN_UTC, lambda: parse_iso(last_at))
    assert found is not None
    assert found[1] is not None
    assert rfc3339(found[1])[:16] == end
    if begin is not None:
        assert found[0] is not None
        assert rfc3339(found[0])[:16] == begin
