"""Simulated traffic: blocks of log lines from a scenario, and the truth about what is in them.

Everything drawn comes from one generator (PCG64, seeded) in an order that depends on the
scenario alone, so the same seed gives the same bytes, however fast they are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hitwatch.formats.compose import compose
from hitwatch.formats.format import Format
from hitwatch.instants import Instant, parse_duration, rfc3339
from hitwatch.simulate import profiles
from hitwatch.simulate.scenario import Incident, Scenario
from hitwatch.simulate.schedule import TICK, Due, blocks_due, end_of, factor_of

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_MALFORMED: tuple[str, ...] = (
    "",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "[error] upstream prematurely closed connection",
    "GET / HTTP/1.1",
    '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /cut-sh',
)
_ATTACKER = "203.0.113.66"


class Block(Struct, frozen=True):
    """Lines in the order in which they are to be written.

    Attributes:
        due: when each is to be written, from the beginning of the scenario, in µs.
        lines: the lines, without line ends.
        facts: what each line is: columns ``section``, ``bytes``, ``malformed``, ``late``,
            ``incident`` (its index, or -1).
    """

    due: np.ndarray
    lines: pl.Series
    facts: pl.DataFrame


class GroundTruth(Struct):
    """What was written, exactly.

    Attributes:
        scenario: what was asked for.
        start: time of the beginning.
        lines: lines written.
        malformed: how many of them are not log lines.
        late: how many of them came late.
        bytes: sum of the bytes of the others.
        sections: hits and bytes by section.
        incident_lines: lines that each incident added or changed.
        behind: lines that were due and not written when the time was up.
        rotations: how many times the log was rotated.
    """

    scenario: Scenario
    start: Instant
    lines: int = 0
    malformed: int = 0
    late: int = 0
    bytes: int = 0
    sections: dict[str, list[int]] = field(default_factory=dict)
    incident_lines: dict[int, int] = field(default_factory=dict)
    behind: int = 0
    rotations: int = 0

    def count(self, facts: pl.DataFrame) -> None:
        """Add lines that have been written."""
        import polars as pl

        self.lines += len(facts)
        self.malformed += int(facts["malformed"].sum())
        hits = facts.filter(~pl.col("malformed"))
        self.late += int(hits["late"].sum())
        self.bytes += int(hits["bytes"].sum())
        sums = hits.group_by("section").agg(pl.len(), pl.col("bytes").sum())
        for section, count, size in sums.iter_rows():
            known = self.sections.setdefault(section, [0, 0])
            known[0] += count
            known[1] += size
        injected = facts.filter(pl.col("incident") >= 0).group_by("incident").agg(pl.len())
        for index, count in injected.iter_rows():
            self.incident_lines[index] = self.incident_lines.get(index, 0) + count

    def to_json(self) -> str:
        """The truth file's text."""
        return json.dumps(self._to_dict(), indent=2) + "\n"

    def _to_dict(self) -> dict[str, Any]:
        scenario = self.scenario
        return {
            "seed": scenario.seed,
            "log_format": scenario.log_format,
            "profile": scenario.profile,
            "start": rfc3339(self.start),
            "end": rfc3339(self.start + scenario.duration),
            "lines": self.lines,
            "hits": self.lines - self.malformed,
            "malformed": self.malformed,
            "late": self.late,
            "bytes": self.bytes,
            "behind": self.behind,
            "rotations": self.rotations,
            "sections": {
                name: {"hits": hits, "bytes": size}
                for name, (hits, size) in sorted(self.sections.items())
            },
            "incidents": [
                {
                    "kind": incident.kind,
                    "section": section_of(incident, scenario),
                    "start": rfc3339(self.start + parse_duration(incident.start)),
                    "end": rfc3339(self.start + end_of(incident)),
                    "strength": factor_of(incident),
                    "lines": self.incident_lines.get(index, 0),
                }
                for index, incident in enumerate(scenario.incidents)
            ],
        }


def section_of(incident: Incident, scenario: Scenario) -> str | None:
    """The section an incident is about; ``None`` for those that are about all."""
    if incident.kind not in ("surge", "slow"):
        return incident.section
    return incident.section or ("/section0" if scenario.profile == "uniform" else "/shop")


def generate_blocks(scenario: Scenario, log_format: Format, start: Instant) -> Iterator[Block]:
    """Generate a scenario's lines.

    Args:
        scenario: what to generate.
        log_format: the format to write.
        start: time of the beginning.

    Yields:
        Blocks of about 20,000 lines, in order.
    """
    import numpy as np

    rng = np.random.Generator(np.random.PCG64(scenario.seed))
    builder = _BlockBuilder(scenario, log_format, start, profiles.make_site(scenario, rng), rng)
    for due in blocks_due(scenario):
        yield builder.block(due)


class _BlockBuilder(Struct):
    """Draws the lines of blocks."""

    scenario: Scenario
    log_format: Format
    start: Instant
    site: profiles.Site
    rng: np.random.Generator

    def block(self, pending: Due) -> Block:
        """Make the lines that are due."""
        import numpy as np
        import polars as pl

        due = np.repeat(pending.at, pending.count)
        due = due + self.rng.integers(0, TICK, len(due))
        incident = np.repeat(pending.incident, pending.count)
        order = np.argsort(due, kind="stable")
        due, incident = due[order], incident[order]
        phase = self._phases(due)
        columns, section = self._hits(due, incident, phase)
        late = self.rng.random(len(due)) < self._shares("late")[phase]
        malformed = self.rng.random(len(due)) < self._shares("malformed")[phase]
        time = self.start + due - late * parse_duration(self.scenario.late_by)
        frame = pl.DataFrame(columns).with_columns(
            time=pl.Series(time, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
        )
        nonsense = self.rng.integers(0, len(_MALFORMED), len(due))
        lines = compose(frame, self.log_format)
        if malformed.any():
            garbage = pl.Series(_MALFORMED).gather(nonsense)
            lines = garbage.zip_with(pl.Series(malformed), lines)
        facts = pl.DataFrame(
            {
                "section": pl.Series(self.site.section_names).gather(section),
                "bytes": columns["bytes"],
                "malformed": malformed,
                "late": late,
                "incident": incident,
            }
        )
        return Block(due, lines, facts)

    def _phases(self, due: np.ndarray) -> np.ndarray:
        """The phase that each line is of."""
        import numpy as np

        ends = np.cumsum([parse_duration(phase.duration) for phase in self.scenario.phases])
        found: np.ndarray = np.minimum(np.searchsorted(ends, due, side="right"), len(ends) - 1)
        return found

    def _shares(self, name: str) -> np.ndarray:
        """A share by phase, which is the scenario's where the phase says none."""
        import numpy as np

        usual = getattr(self.scenario, name)
        said = (getattr(phase, name) for phase in self.scenario.phases)
        return np.array([usual if share is None else share for share in said])

    def _hits(
        self, due: np.ndarray, incident: np.ndarray, phase: np.ndarray
    ) -> tuple[dict[str, Any], np.ndarray]:
        import numpy as np
        import polars as pl

        rng, site, count = self.rng, self.site, len(due)
        page = profiles.pick(rng, site.weights, count)
        client = profiles.pick(rng, site.client_weights, count)
        noise = rng.standard_normal(count)
        slowness = rng.standard_normal(count)
        status = np.array([code for code, _ in profiles.STATUSES])[
            profiles.choices(rng, profiles.STATUSES, count)
        ]
        page, status, names = self._mixed(page, status, phase)
        chance = rng.random(count)
        seconds = np.ones(count)
        addresses = pl.Series(site.clients).gather(client)
        for index, event in enumerate(self.scenario.incidents):
            during = (due >= parse_duration(event.start)) & (due < end_of(event))
            added = incident == index
            if event.kind == "surge":
                pages = self._pages_of(event)
                page = np.where(added, pages[page % len(pages)], page)
            elif event.kind == "aggressive-client":
                if event.section:
                    pages = self._pages_of(event)
                    page = np.where(added, pages[page % len(pages)], page)
                one = pl.Series([_ATTACKER]).new_from_index(0, count)
                addresses = one.zip_with(pl.Series(added), addresses)
            elif event.kind == "errors":
                hit = during & (chance < factor_of(event)) & np.isin(page, self._pages_of(event))
                status = np.where(hit, 500 + (chance * 997).astype(int) % 5, status)
                incident[hit & (incident < 0)] = index
            elif event.kind == "slow":
                hit = during & np.isin(page, self._pages_of(event))
                seconds = np.where(hit, seconds * factor_of(event), seconds)
                incident[hit & (incident < 0)] = index
        size = (site.sizes[page] * np.exp(site.spreads[page] * noise)).astype(np.int64) + 1
        size = np.where(status >= 400, 150 + size % 700, size)
        size = np.where(status == 304, 0, size)
        columns: dict[str, Any] = {
            "client": addresses,
            "target": pl.Series(site.targets).gather(page),
            "status": status,
            "bytes": size,
            "host": pl.Series(["www.example.com"]).new_from_index(0, count),
            **names,
        }
        if self._has_durations():
            columns["duration_s"] = site.times[page] * np.exp(0.6 * slowness) * seconds
        return columns, site.sections[page]

    def _mixed(
        self, page: np.ndarray, status: np.ndarray, phase: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, pl.Series]]:
        """Pages, statuses, and columns of names, those of phases with a mix as that has them."""
        import numpy as np
        import polars as pl

        rng, methods = self.rng, list(profiles.METHODS)
        drawn = {
            name: profiles.choices(rng, table, len(page)) for name, table in profiles.TABLES.items()
        }
        for number, each in enumerate(self.scenario.phases):
            if each.mix:
                lines = np.flatnonzero(phase == number)
                page, status = profiles.mixed(each.mix, self.site, rng, lines, page, status)
                profiles.mix_names(each.mix, rng, lines, drawn, methods)
        tables = {**profiles.TABLES, "method": tuple(methods)}
        names = {
            name: pl.Series([item for item, _ in tables[name]]).gather(places)
            for name, places in drawn.items()
        }
        return page, status, names

    def _has_durations(self) -> bool:
        """Whether lines end with a time that the format leaves to the server's owner."""
        if not self.log_format.lines:
            return self.scenario.durations and self.log_format.fills("duration_s")
        line = self.log_format.lines[0]
        fields = [field for field in line.fields if field.spec.column == "duration_s"]
        optional = all(field.or_end is not None for field in fields)
        return bool(fields) and (self.scenario.durations or not optional)

    def _pages_of(self, incident: Incident) -> np.ndarray:
        import numpy as np

        name = section_of(incident, self.scenario)
        if name is None:
            return np.arange(len(self.site.targets))
        pages: np.ndarray = np.flatnonzero(
            self.site.sections == self.site.section_names.index(name)
        )
        return pages
