"""What people and programs see, as goldens; hostile texts come out harmless."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from fractions import Fraction
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from hitwatch.alerting.alert import Alert, Contributor, RuleStatus, State, Transition
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import DAY, HOUR, MINUTE, SECOND
from hitwatch.readmodel import Kind, PanelRows, Report
from hitwatch.render import units
from hitwatch.render.jsonl import to_line
from hitwatch.render.replay_text import ReplayDisplay, alerts_text
from hitwatch.render.text import to_text
from hitwatch.stats.rows import Bounds, PanelRow
from hitwatch.tally import Balance
from hitwatch.totals import Totals

AT = 1_767_225_600_000_000
RULE = SurgeRule(threshold=Fraction(3, 2))


def section(key: str, hits: int, size: int, errors_4xx: int) -> PanelRow:
    """Build the row of a section."""
    return PanelRow(key, hits, 1, size, errors_4xx, errors_5xx=0, bots=0, largest=size)


SECTIONS = (section("/api", 201, 90_112, 2), section("/a\x1b[31m", 111, 4_942_900, 10))


def period(rows: Sequence[PanelRow] = SECTIONS, **changed: object) -> Report:
    """Build the report of a display period, some of its facts changed."""
    totals: dict[str, object] = {
        "balance": Balance(313, 312, 1, 0),
        "bytes": 5_033_012,
        "hits_with_bytes": 312,
        "statuses": {"200": 299, "204": 1, "404": 12},
        "clients": 45,
        "timed": 312,
        "duration": {"mean_s": 0.1, "p50_s": 0.0121, "p95_s": 0.2, "p99_s": 1.5, "max_s": 3.25},
    }
    facts: dict[str, object] = {
        "at": AT,
        "period": 10 * SECOND,
        "late": 2,
        "sections": PanelRows("sections", "Sections", tuple(rows), Bounds(len(rows))),
        "rules": (RuleStatus(RULE, State.OK, 503_301.2, 402_110.2, AT, None),),
        "reject_reasons": {"empty line": 1},
        "since_start": Balance(10_313, 10_310, 3, 0),
    }
    totals |= {name: changed.pop(name) for name in list(changed) if name in totals}
    return Report(Kind.PERIOD, Totals(**totals), **{**facts, **changed})  # type: ignore[arg-type]


FIRED = Transition(
    "outflow", State.FIRING, AT, 1_843_200.5, 402_110.2, 1.5, "bytes/s", AT, 1_843_200.5, AT,
    contributors=(Contributor("section", "/downloads", 1_500_000.0, 100_000.0, 0.97),),
)  # fmt: skip
ENDED = Transition(
    "outflow", State.RESOLVED, AT + 10 * MINUTE, 500_000.0, 900_000.0, 1.5, "bytes/s", AT,
    2_100_000.0, AT + MINUTE, excess=7.5e8,
)  # fmt: skip


def test_a_period() -> None:
    """A block says who leads, a table, totals, how the rule stands, and the health."""
    assert to_text(period(), lag=1500) == (
        "2026-01-01 00:00:00 UTC  /api has the most hits: 201 of 312\n"
        "  section                               hits    share     bytes     4xx     5xx\n"
        "  /api                                   201   64.4 %   90.1 kB       2       0\n"
        "  /a\\x1b[31m                             111   35.6 %   4.94 MB      10       0\n"
        "  total 312 hits, 31.2/s; 5.03 MB sent, outflow 503 kB/s; 45 clients\n"
        "  status 2xx 300  4xx 12; latency p50 12.1 ms  p95 200 ms  p99 1.50 s  max 3.25 s\n"
        "  outflow: 503 kB/s over 2m, 402 kB/s over the 20m before,"
        " 1.25x baseline (threshold 1.5x)\n"
        "  read 10,313 lines, lag 1.50 kB, 3 rejects (1 now: empty line), 2 late\n"
        "\n"
    )


END = Report(
    Kind.END,
    Totals(Balance(10, 10, 0, 0)),
    start=AT - 9 * DAY,
    end=AT + 6 * DAY,
    alerts_fired=1,
)


def test_a_replay_that_found_an_alert() -> None:
    """Each alert is a line: when, how long, how high, and who; then how often the rule fired."""
    assert alerts_text([], END) == ""
    assert alerts_text([Alert(FIRED, ENDED, ENDED.peak)], END) == (
        "1 alert\n"
        "  2026-01-01 00:00:00 UTC  10m           peak 2.10 MB/s, 5.22x baseline;"
        " /downloads 97.0 % of it\n"
        "\n"
        "outflow fired once, 0.1 a day, under 0.1 % of the time\n"
        "  by week: 2025-12-23 0, 2025-12-30 1, 2026-01-06 0\n"
        "\n"
    )


def test_a_replay_that_found_many_alerts_says_the_largest() -> None:
    """A screenful, in the order of time, and where all of them are."""
    fired = [
        replace(FIRED, at=AT + n * HOUR, fired_at=AT + n * HOUR, baseline=1000.0 + n % 7 * 500)
        for n in range(100)
    ]
    ended = [replace(ENDED, at=each.at + 10 * MINUTE, fired_at=each.at) for each in fired[:-1]]
    alerts = [Alert(*each, ENDED.peak) for each in zip(fired, [*ended, None], strict=True)]
    alerts[-1] = replace(alerts[-1], peak=FIRED.peak)
    lines = alerts_text(alerts, END).splitlines()
    assert lines[0] == "100 alerts, of which these 20 rose highest above what was usual"
    listed = lines[1:21]
    assert listed == sorted(listed)
    assert sum("peak 2.10 MB/s, 2,100x baseline" in line for line in listed) == 15
    assert lines[21] == "  --alert-log FILE keeps all of them, --output-format jsonl says them"
    assert lines[23] == "outflow fired 100 times, 6.7 a day, 17.1 % of the time"
    assert lines[24] == "  half of the alerts lasted 10m or less, the longest 1d21h"
    assert len(lines) < 30


def test_an_alert_that_has_not_ended_is_said_to_fire() -> None:
    """Its peak is the one so far, and it lasts until the log ends."""
    still = replace(END, alerts=(Alert(FIRED, None, 2_500_000.0),))
    stream = io.StringIO()
    display = ReplayDisplay(stream, color=False)
    for shown in (FIRED, still):
        display.show(shown, lag=0)
    said = stream.getvalue()
    assert "2026-01-01 00:00:00 UTC  still firing  peak 2.50 MB/s, 6.22x baseline" in said
    assert "outflow fired once, 0.1 a day, 40.0 % of the time" in said


@given(st.text(max_size=20), st.booleans())
def test_what_is_decoded_is_the_same_path(text: str, upper: bool) -> None:
    """Encoded again it is what was sent, and nothing in it can be taken for another path."""
    sent = quote(f"/{text}", safe="/")
    sent = sent if upper else re.sub("%..", lambda code: code[0].lower(), sent)
    shown = units.decoded(sent)
    assert quote(shown, safe="/%").upper() == sent.upper()
    assert shown.isprintable()
    assert shown.count("/") == sent.count("/")


@given(st.text("/%aAfF09zé2", max_size=12))
def test_what_is_encoded_wrongly_is_shown_as_sent(sent: str) -> None:
    """A stray per cent sign, half a code and bytes that are no text break nothing."""
    assert units.decoded(units.decoded(sent)) == units.decoded(sent)
    assert units.decoded(sent).count("/") == sent.count("/")


def test_a_quiet_period() -> None:
    """Nothing in the period is said in words."""
    quiet = period((), balance=Balance(), reject_reasons={}, late=0, rules=())
    assert to_text(quiet, lag=0) == (
        "2026-01-01 00:00:00 UTC  No request in the last 10s\n"
        "  read 10,313 lines, lag 0 B, 3 rejects\n\n"
    )


def test_a_rule_that_warms_up() -> None:
    """A rule that cannot judge yet says when it will."""
    waiting = RuleStatus(RULE, State.WARMING_UP, None, None, AT, None)
    assert "outflow: warming up, needs 22m of traffic, armed at 2026-01-01 00:00:00 UTC" in to_text(
        period(rules=(waiting,)), lag=0
    )


def test_alerts() -> None:
    """An alert says value, ratio, baseline and who grew; its end how long and how high."""
    assert to_text(FIRED, lag=0) == (
        "*** ALERT outflow, 2026-01-01 00:00:00 UTC: 1.84 MB/s, 4.58x baseline of"
        " 402 kB/s (threshold 1.5x)\n"
        "    top contributors: /downloads +1.40 MB/s (97.0 %)\n\n"
    )
    assert to_text(ENDED, lag=0) == (
        "*** RESOLVED outflow, 2026-01-01 00:10:00 UTC: lasted 10m, peak 2.10 MB/s at"
        " 2026-01-01 00:01:00 UTC; now 500 kB/s, baseline 900 kB/s\n\n"
    )
    assert to_text(FIRED, lag=0, color=True).startswith("\x1b[1;31m*** ALERT")


def test_json_lines() -> None:
    """The objects hold the keys of the contract, with raw numbers and UTC times."""
    said = json.loads(to_line(period(), lag=1500))
    assert {k: said[k] for k in ("type", "at", "period_s", "hits", "bytes", "rejects")} == {
        "type": "stats",
        "at": "2026-01-01T00:00:00Z",
        "period_s": 10,
        "hits": 312,
        "bytes": 5_033_012,
        "rejects": 1,
    }
    assert said["sections"][0] == {
        "section": "/api",
        "hits": 201,
        "bytes": 90_112,
        "errors_4xx": 2,
        "errors_5xx": 0,
    }
    fired, ended = (json.loads(to_line(change)) for change in (FIRED, ENDED))
    assert fired == {
        "type": "alert",
        "rule": "outflow",
        "state": "firing",
        "at": "2026-01-01T00:00:00Z",
        "value": 1_843_200.5,
        "baseline": 402_110.2,
        "threshold": 1.5,
        "unit": "bytes/s",
        "severity": "info",
        "kind": "surge",
        "labels": {},
        "expected": {"low": 0.0, "high": pytest.approx(603_165.3)},
        "reason": "above_expected",
        "sections": [{"section": "/downloads", "value": 1.5e6, "baseline": 1e5, "share": 0.97}],
        "contributors": [
            {
                "dimension": "section",
                "key": "/downloads",
                "excess": 1.4e6,
                "share": 0.97,
                "usual": 1e5,
            }
        ],
    }
    assert (ended["state"], ended["fired_at"], ended["duration_s"]) == (
        "resolved",
        "2026-01-01T00:00:00Z",
        600,
    )
    assert (ended["reason"], ended["excess"]) == ("back_to_expected", 7.5e8)
    end = Report(
        Kind.END,
        Totals(balance=Balance(9, 7, 2, 0), bytes=5),
        *(AT, AT, AT),
        late=1,
        backfilled=3,
        alerts=(Alert(FIRED, None, FIRED.peak),),
        alerts_fired=1,
    )
    assert json.loads(to_line(end)) == {
        "type": "end",
        "at": "2026-01-01T00:00:00Z",
        "lines": 9,
        "hits": 7,
        "rejects": 2,
        "excluded": 0,
        "backfilled": 3,
        "bytes": 5,
        "late": 1,
        "alerts": 1,
        "firing": ["outflow"],
        "unjudged": [],
        "first_at": "2026-01-01T00:00:00Z",
        "last_at": "2026-01-01T00:00:00Z",
    }


@given(st.text(max_size=60), st.integers(8, 40))
@example("00000000" + chr(0x94D), 8)
def test_hostile_text_is_harmless(text: str, width: int) -> None:
    """Whatever a log holds, a terminal gets printable characters, and not too many."""
    shown = units.sanitize(text, width)
    assert shown.isprintable()
    assert len(shown) <= width
    drawn = to_text(period([section(text or "/", 1, 1, 0)]), lag=0)
    assert all(line.isprintable() for line in drawn.split("\n"))
