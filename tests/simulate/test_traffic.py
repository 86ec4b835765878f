"""Made-up traffic: reproducible, at its pace, and exactly as its truth file says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hitwatch.clocks import ManualClock
from hitwatch.errors import OutputError, SettingsError
from hitwatch.formats.registry import builtin, by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import MINUTE, SECOND
from hitwatch.run.simulation import SimulationRun, scenario_named, simulate, with_changes
from hitwatch.simulate.scenario import (
    Rotation,
    Scenario,
    bundled_names,
    read_rotation,
    read_scenario,
)

SMALL = """
seed = 5
log_format = "apache-combined"
start = 2026-05-01T00:00:00Z
durations = true
[[phases]]
rate = 50
duration = "60s"
"""


def written(tmp_path: Path, text: str, **words: Any) -> tuple[bytes, dict[str, Any], pl.DataFrame]:
    """Write a scenario fast: the log, its truth, and what parses of the log."""
    scenario = with_changes(read_scenario(text, "test.toml"), **words)
    log, truth = tmp_path / "access.log", tmp_path / "truth.json"
    clock = ManualClock()
    simulation = SimulationRun(log, truth, False, clock, stopped=lambda: False, overwrite=True)
    simulate(scenario, simulation)
    data = log.read_bytes()
    hits = Parser(by_name(scenario.log_format)).parse(data)
    return data, json.loads(truth.read_text()), hits.frame()


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """The same seed writes the same bytes, another one does not, and live writes them too."""
    first, *_ = written(tmp_path, SMALL)
    assert first == written(tmp_path, SMALL)[0]
    assert first != written(tmp_path, SMALL, seed=6)[0]
    log, clock = tmp_path / "live.log", ManualClock()
    simulation = SimulationRun(log, None, live=True, clock=clock, stopped=lambda: False)
    simulate(read_scenario(SMALL, "x"), simulation)
    assert log.read_bytes() == first
    assert clock.now() >= MINUTE


@pytest.mark.parametrize("name", sorted(builtin()))
def test_any_format(tmp_path: Path, name: str) -> None:
    """Every known format can be written, and reads back whole."""
    _, truth, frame = written(tmp_path, SMALL, log_format=name)
    assert len(frame) == truth["lines"] == 3000
    logged = "bytes" in frame.columns and frame["bytes"].null_count() < len(frame)
    assert not logged or frame["bytes"].sum() == truth["bytes"]


def test_the_truth_is_exact(tmp_path: Path) -> None:
    """Lines, malformed ones, bytes and sections are as the truth file says."""
    data, truth, frame = written(tmp_path, SMALL, malformed=0.05, late=0.02)
    assert truth["lines"] == data.count(b"\n") == 3000
    assert truth["hits"] == len(frame)
    assert truth["malformed"] == truth["lines"] - truth["hits"] > 50
    assert truth["bytes"] == frame["bytes"].sum()
    sections = frame.group_by("section").agg(pl.len(), pl.col("bytes").sum())
    found = {row[0]: {"hits": row[1], "bytes": row[2]} for row in sections.rows()}
    assert found == truth["sections"]
    behind = frame["time"].cum_max() - frame["time"]
    assert truth["late"] == (behind.dt.total_seconds() >= 4).sum()


def incident(kind: str, more: str = "") -> str:
    """Write a scenario with one incident."""
    return SMALL + f'[[incidents]]\nkind = "{kind}"\nstart = "20s"\nduration = "20s"\n{more}'


def between(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hits during the incident, and the others."""
    second = frame["time"].dt.second().cast(pl.Int32)
    during = (second >= 20) & (second < 40)
    return frame.filter(during), frame.filter(~during)


def seen_surge(during: pl.DataFrame, rest: pl.DataFrame) -> bool:
    """Tell whether hits rose in the section."""
    return len(during) > 3.9 * len(rest) / 2 and bool(
        (during["section"] == "/api").sum() > 0.7 * len(during)
    )


def seen_errors(during: pl.DataFrame, rest: pl.DataFrame) -> bool:
    """Tell whether server errors took half."""
    share = (during["status"] >= 500).mean()
    return isinstance(share, float) and 0.35 < share < 0.65


def seen_errors_of_a_section(during: pl.DataFrame, rest: pl.DataFrame) -> bool:
    """Tell whether nearly all of the section failed, and nothing else did more than usual."""
    failed = during.group_by("section").agg((pl.col("status") >= 500).mean())
    shares = dict(failed.iter_rows())
    return bool(shares["/api"] > 0.8 and max(shares["/static"], shares["/shop"]) < 0.1)


def seen_client_in_a_section(during: pl.DataFrame, rest: pl.DataFrame) -> bool:
    """Tell whether what the busiest client asks for is all in one section."""
    busiest = during["client"].value_counts(sort=True)["client"][0]
    return set(during.filter(pl.col("client") == busiest)["section"]) == {"/shop"}


def seen_slow(during: pl.DataFrame, rest: pl.DataFrame) -> bool:
    """Tell whether the section was slower."""
    shop = pl.col("section") == "/shop"
    slow, usual = (f.filter(shop)["duration_s"].median() for f in (during, rest))
    return isinstance(slow, float) and isinstance(usual, float) and 6 < slow / usual < 15


def seen_client(during: pl.DataFrame, rest: pl.DataFrame) -> bool:
    """Tell whether one client made most hits."""
    busiest = during["client"].value_counts(sort=True)
    return bool(busiest["count"][0] > 0.6 * len(during))


def seen_silence(during: pl.DataFrame, rest: pl.DataFrame) -> bool:
    """Tell whether nothing was written."""
    return len(during) == 0 and len(rest) == 2000


@pytest.mark.parametrize(
    ("kind", "more", "seen"),
    [
        ("surge", 'section = "/api"\nstrength = 4', seen_surge),
        ("errors", "", seen_errors),
        ("errors", 'section = "/api"\nstrength = 0.9', seen_errors_of_a_section),
        ("aggressive-client", 'section = "/shop"', seen_client_in_a_section),
        ("slow", "", seen_slow),
        ("aggressive-client", "", seen_client),
        ("silence", "", seen_silence),
    ],
)
def test_incidents(
    tmp_path: Path, kind: str, more: str, seen: Callable[[pl.DataFrame, pl.DataFrame], bool]
) -> None:
    """Each kind of incident is there while it lasts, and only then."""
    _, truth, frame = written(tmp_path, incident(kind, more))
    assert seen(*between(frame))
    (said,) = truth["incidents"]
    assert (said["kind"], said["start"], said["end"]) == (
        kind,
        "2026-05-01T00:00:20Z",
        "2026-05-01T00:00:40Z",
    )
    if kind != "silence":
        assert said["lines"] > 100


@pytest.mark.parametrize(
    ("shape", "first", "last"),
    [
        ('shape = "constant"', 50, 50),
        ('shape = "ramp"\nto = 250', 51.5, 248.5),
        ('shape = "wave"\nperiod = "60s"\namplitude = 1.0', 52.5, 47.5),
    ],
)
def test_shapes(tmp_path: Path, shape: str, first: float, last: float) -> None:
    """The pace follows the shape of its phase."""
    _, _, frame = written(tmp_path, SMALL + shape)
    seconds = frame["time"].dt.second()
    assert (seconds == 0).sum() == pytest.approx(first, abs=4)
    assert (seconds == 59).sum() == pytest.approx(last, abs=4)


def test_a_quiet_month(tmp_path: Path) -> None:
    """A line every ten seconds for thirty days: as many on each day, with what the days bring."""
    month = """
phases = [{ rate = 0.1, duration = "30d" }]
start = 2026-05-01T00:00:00Z
[[incidents]]
kind = "silence"
start = "10d"
duration = "1d"
"""
    _, truth, frame = written(tmp_path, month)
    days = frame.group_by(pl.col("time").dt.day()).len().sort("time")
    assert days["len"].to_list() == [8640] * 29
    assert truth["lines"] == 8640 * 29
    assert 11 not in days["time"]


def test_uniform_profile(tmp_path: Path) -> None:
    """Sections are equally likely, with pages as deep as asked for."""
    text = SMALL + "[uniform]\nsections = 4\ndepth = 3\nfactor = 2\n"
    _, _, frame = written(tmp_path, text, profile="uniform")
    counts = frame["section"].value_counts()["count"]
    assert sorted(frame["section"].unique()) == [f"/section{n}" for n in range(4)]
    assert (counts > 600).all()
    assert frame["path"].n_unique() == 4 * 2 * 2
    assert set(frame["path"].str.count_matches("/")) == {3}


@pytest.mark.parametrize("by", ["rename", "truncate"])
def test_rotation(tmp_path: Path, by: str) -> None:
    """A rotated log holds the same lines, spread over its files."""
    whole, *_ = written(tmp_path, SMALL)
    (tmp_path / "access.log").unlink()
    _, truth, _ = written(tmp_path, SMALL + f'[rotation]\nevery = "25s"\nby = "{by}"\n')
    parts = [tmp_path / f"access.log{ending}" for ending in (".2", ".1", "")]
    assert b"".join(part.read_bytes() for part in parts) == whole
    assert truth["rotations"] == 2


@pytest.mark.parametrize(
    ("names", "every", "expected"),
    [
        ("numbered", "20s", [".2.gz", ".1", ""]),
        ("dated", "20s", ["-20260501-000020.gz", "-20260501-000040", ""]),
    ],
)
def test_rotated_files_are_named_as_loggers_name_them(
    tmp_path: Path, names: str, every: str, expected: list[str]
) -> None:
    """By number or by date, all but the latest compressed; together they are the whole log."""
    whole, *_ = written(tmp_path, SMALL)
    (tmp_path / "access.log").unlink()
    text = f'[rotation]\nevery = "{every}"\nnames = "{names}"\ncompress = true\n'
    written(tmp_path, SMALL + text)
    found = sorted(path.name for path in tmp_path.glob("access.log*"))
    assert found == sorted(f"access.log{ending}" for ending in expected)
    parts = [(tmp_path / f"access.log{ending}").read_bytes() for ending in expected]
    assert gzip.decompress(parts[0]) + parts[1] + parts[2] == whole


def test_a_day_is_in_the_name_where_logs_are_rotated_daily(tmp_path: Path) -> None:
    """As logrotate's ``dateext`` has it; a name that is taken is not written over."""
    text = SMALL.replace("rate = 50", "rate = 0.01").replace('"60s"', '"50h"')
    rotation = '[rotation]\nevery = "1d"\nnames = "dated"\n'
    written(tmp_path, text + rotation)
    found = sorted(path.name for path in tmp_path.glob("access.log*"))
    assert found == ["access.log", "access.log-20260502", "access.log-20260503"]
    with pytest.raises(OutputError, match="cannot keep the rotated log"):
        written(tmp_path, text + rotation)


PHASES = """
seed = 5
start = 2026-05-01T00:00:00Z
malformed = 0.5
[[phases]]
rate = 50
duration = "60s"
malformed = 0
[[phases]]
rate = 50
duration = "60s"
malformed = 0
[phases.mix]
sections = { "/api" = 3, "/blog" = 1 }
statuses = { 200 = 1, 429 = 1 }
methods = { PATCH = 1, GET = 3 }
agents = { ai = 1 }
[[phases]]
rate = 50
duration = "60s"
"""


def test_each_phase_has_a_mix_of_its_own(tmp_path: Path) -> None:
    """Sections, statuses, methods, agents and lines that are none; others are as ever."""
    data, truth, frame = written(tmp_path, PHASES)
    begin = pl.datetime(2026, 5, 1, time_zone="UTC")
    first, mixed, last = (
        frame.filter(
            pl.col("time").is_between(
                begin + pl.duration(minutes=n), begin + pl.duration(minutes=n + 1), closed="left"
            )
        )
        for n in range(3)
    )
    assert len(first) == len(mixed) == 3000
    assert set(mixed["section"].unique()) == {"/api", "/blog"}
    assert 2100 < (mixed["section"] == "/api").sum() < 2400
    assert set(mixed["status"].unique()) == {200, 429}
    assert set(mixed["method"].unique()) == {"GET", "PATCH"}
    assert mixed["user_agent"].str.contains("GPTBot").all()
    for usual in (first, last):
        assert {"/shop", "/static"} <= set(usual["section"].unique())
        assert usual["user_agent"].n_unique() > 8
    assert 1300 < len(last) < 1700
    assert truth["malformed"] == data.count(b"\n") - len(frame)
    assert written(tmp_path, PHASES)[0] == data


class SlowClock(ManualClock):
    """A clock on which everything takes a second."""

    def now(self) -> int:
        """Let a second pass, then tell the time."""
        self.wait(SECOND)
        return super().now()


def test_live_ends_on_time(tmp_path: Path) -> None:
    """When the pace cannot be held, the run ends on time and says what is missing."""
    log = tmp_path / "live.log"
    scenario = with_changes(read_scenario(SMALL, "x"), phases=None)
    clock = SlowClock()
    truth = simulate(
        scenario, SimulationRun(log, None, live=True, clock=clock, stopped=lambda: False)
    )
    assert clock.now() < 70 * SECOND
    assert truth.lines == log.read_bytes().count(b"\n")
    assert truth.lines + truth.behind == 3000


def test_a_stopped_run_tells_the_truth(tmp_path: Path) -> None:
    """Stopped in the middle, the truth file still says what was written."""
    log, truth_file, clock = tmp_path / "log", tmp_path / "truth", ManualClock()
    simulation = SimulationRun(
        log, truth_file, live=True, clock=clock, stopped=lambda: clock.now() > 9 * SECOND
    )
    simulate(read_scenario(SMALL, "x"), simulation)
    assert json.loads(truth_file.read_text())["lines"] == log.read_bytes().count(b"\n") < 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phases = []", "length >= 1"),
        (SMALL + 'durration = "1m"', "did you mean duration?"),
        (SMALL + 'shape = "square"', "Invalid enum value 'square' - at `$.phases[0].shape`"),
        (SMALL.replace("rate = 50", 'rate = "fast"'), "Expected `float`, got `str`"),
        (
            SMALL.replace('"60s"', '"60 parsecs"'),
            "phases[0].duration: invalid duration '60 parsecs'",
        ),
        (SMALL.replace("00:00:00Z", "00:00:00"), "start has no UTC offset"),
        ("phases = [", "invalid TOML"),
        (
            incident("surge", 'section = "/shopp"'),
            "incidents[0].section: the realistic site has no section '/shopp'",
        ),
        (incident("silence", 'section = "/shop"'), "a silence is of the whole site"),
        (
            SMALL + "[phases.mix.sections]\n'/shopp' = 1",
            "phases[0].mix.sections: the realistic site",
        ),
        (SMALL + "[phases.mix.statuses]\n2000 = 1", "'2000' is no status"),
        (SMALL + "[phases.mix.methods]\nget = 1", "'get' is no method"),
        (SMALL + "[phases.mix.agents]\nrobot = 1", "Invalid enum value 'robot'"),
        (SMALL + "[phases.mix.agents]\nai = 0", "one weight must be more than 0"),
        (SMALL + "[phases.mix.agents]\nai = -1", "`float` >= 0"),
    ],
)
def test_wrong_scenarios(text: str, message: str) -> None:
    """A wrong scenario is refused with its file, the key, and the key that was meant."""
    with pytest.raises(SettingsError) as caught:
        read_scenario(text, "test.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("test.toml")


def test_shipped_scenarios() -> None:
    """The scenarios that come along can be read; others are not found."""
    assert bundled_names() == ["busy", "day", "demo"]
    assert all(isinstance(scenario_named(name), Scenario) for name in bundled_names())
    with pytest.raises(SettingsError, match="no scenario"):
        scenario_named("nowhere.toml")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("1h", Rotation(every="1h")),
        ("1d, dated, gzip", Rotation(every="1d", names="dated", compress=True)),
        ("10m,truncate", Rotation(every="10m", by="truncate")),
    ],
)
def test_rotations_can_be_said_in_words(said: str, found: Rotation) -> None:
    """As ``--rotate`` takes them."""
    assert read_rotation(said) == found


@pytest.mark.parametrize("said", ["", "often", "1h,daily", "0s", "1h,,gzip"])
def test_wrong_rotations(said: str) -> None:
    """What could be written is said."""
    with pytest.raises(SettingsError, match="--rotate"):
        read_rotation(said)
