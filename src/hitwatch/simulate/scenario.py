"""Scenarios of simulated traffic: what a scenario file may say, checked; generates nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from hitwatch.errors import SettingsError, did_you_mean
from hitwatch.instants import Duration, from_datetime, parse_duration
from hitwatch.values import duration, duration_or_none, exact, whole

Share = Annotated[float, Meta(ge=0, le=1)]
_MAX_RATE = 100_000_000
"""Lines a second that no machine writes."""
Positive = Annotated[float, Meta(gt=0)]
Weight = Annotated[float, Meta(ge=0, le=1e9)]


class Mix(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which requests there are: weights by name, of any sum; what is empty is the profile's.

    Attributes:
        sections: of the site's.
        statuses: of the answers.
        methods: of the requests.
        agents: by kind: human, search, ai, tool, monitor.
    """

    sections: dict[str, Weight] = {}
    statuses: dict[str, Weight] = {}
    methods: dict[str, Weight] = {}
    agents: dict[Literal["human", "search", "ai", "tool", "monitor"], Weight] = {}

    def __bool__(self) -> bool:
        return any((self.sections, self.statuses, self.methods, self.agents))


class Phase(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stretch of time with a pace.

    Attributes:
        rate: lines a second; of a wave its middle.
        duration: how long it lasts.
        shape: ``constant``; ``ramp`` from ``rate`` to ``to``; ``wave`` around ``rate``.
        to: lines a second at the end of a ramp.
        amplitude: of a wave, as a share of ``rate``.
        period: of a wave.
        malformed: share of lines that are not log lines, where it is not that of the scenario.
        late: share of lines that come late, likewise.
        mix: which requests there are.
    """

    rate: Annotated[float, Meta(ge=0)]
    duration: str
    shape: Literal["constant", "ramp", "wave"] = "constant"
    to: Annotated[float, Meta(ge=0)] | None = None
    amplitude: Share = 0.5
    period: str = "1m"
    malformed: Share | None = None
    late: Share | None = None
    mix: Mix = Mix()


class Incident(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something injected into the traffic.

    Attributes:
        kind: ``surge`` (so many times the traffic, the surplus on one section), ``errors``
            (a share of the answers are 500 to 504), ``slow`` (requests of a section take so
            many times longer), ``aggressive-client`` (one client sends the surplus), or
            ``silence`` (nothing at all).
        start: when, from the beginning.
        duration: how long.
        strength: a factor; for errors a share.
        section: which section; when left out one of the profile's for ``surge`` and ``slow``,
            and all of them for ``errors`` and ``aggressive-client``. ``silence`` has none.
    """

    kind: Literal["surge", "errors", "slow", "aggressive-client", "silence"]
    start: str
    duration: str
    strength: Positive | None = None
    section: str | None = None


class Uniform(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The profile of equally likely pages.

    Attributes:
        sections: how many sections.
        depth: how many path segments a page's path has, the section included.
        factor: how many children each node of the site has.
    """

    sections: Annotated[int, Meta(ge=1, le=10_000)] = 10
    depth: Annotated[int, Meta(ge=1, le=8)] = 3
    factor: Annotated[int, Meta(ge=1, le=100)] = 3


class Rotation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the written log is rotated.

    Attributes:
        every: after so much time.
        by: ``rename`` (a new file is begun) or ``truncate`` (copied, then emptied).
        names: of older files, as logrotate gives them: ``numbered`` (``.1``, ``.2`` and so on), or
            ``dated`` (``-20260131``, with the time where that is more often than daily).
        compress: whether all but the latest of them are compressed with gzip, which logrotate calls
            ``delaycompress``.
    """

    every: str
    by: Literal["rename", "truncate"] = "rename"
    names: Literal["numbered", "dated"] = "numbered"
    compress: bool = False


class Scenario(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole scenario.

    Attributes:
        phases: one after the other.
        incidents: each at its time.
        seed: the same seed gives the same bytes.
        log_format: name of the format that is written.
        profile: ``realistic`` or ``uniform``.
        uniform: settings of that profile.
        start: time of the first line; the clock's when left out and written live, else
            the first second of 2026.
        durations: whether to end lines with the time taken, where the format leaves it open.
        malformed: share of lines that are not log lines.
        late: share of lines that come late.
        late_by: how late those come.
        rotation: none when left out.
    """

    phases: Annotated[list[Phase], Meta(min_length=1)]
    incidents: list[Incident] = []
    seed: int = 1
    log_format: str = "apache-combined"
    profile: Literal["realistic", "uniform"] = "realistic"
    uniform: Uniform = Uniform()
    start: datetime | None = None
    durations: bool = False
    malformed: Share = 0.0
    late: Share = 0.0
    late_by: str = "5s"
    rotation: Rotation | None = None

    @property
    def duration(self) -> Duration:
        """How long it lasts in all."""
        return sum(parse_duration(phase.duration) for phase in self.phases)


def read_scenario(text: str, where: str) -> Scenario:
    """Read a scenario file.

    Args:
        text: its TOML.
        where: its name, for errors.

    Raises:
        SettingsError: it is not TOML, or says something unknown or impossible.
    """
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError("invalid TOML", where=where, why=str(error)) from error
    except msgspec.ValidationError as error:
        raise SettingsError(str(error), where=where, hint=_hint(str(error))) from error
    check(scenario, where)
    return scenario


def check(scenario: Scenario, where: str) -> None:
    """Check what types cannot say.

    Raises:
        SettingsError: a duration is not readable, a number out of bounds, a start has no
            offset, or the site has no such section.
    """
    duration_or_none(f"{where}: late_by", scenario.late_by)
    whole(f"{where}: seed", scenario.seed, least=0, most=2**63 - 1)
    texts: dict[str, str] = {}
    numbers: dict[str, float] = {}
    for index, phase in enumerate(scenario.phases):
        texts |= {f"phases[{index}].duration": phase.duration}
        texts |= {f"phases[{index}].period": phase.period}
        numbers |= {f"phases[{index}].rate": phase.rate, f"phases[{index}].to": phase.to or 0}
        _check_mix(scenario, phase.mix, f"{where}: phases[{index}].mix")
    for index, incident in enumerate(scenario.incidents):
        duration_or_none(f"{where}: incidents[{index}].start", incident.start)
        numbers |= {f"incidents[{index}].strength": incident.strength or 1}
        texts |= {f"incidents[{index}].duration": incident.duration}
        _check_section(scenario, incident, f"{where}: incidents[{index}].section")
    if scenario.rotation:
        texts["rotation.every"] = scenario.rotation.every
    for key, text in texts.items():
        duration(f"{where}: {key}", text)
    for key, number in numbers.items():
        if exact(f"{where}: {key}", number, most=_MAX_RATE) < 0:
            raise SettingsError(f"{number:g} must not be negative", where=f"{where}: {key}")
    if scenario.start is not None and scenario.start.tzinfo is None:
        raise SettingsError(
            "start has no UTC offset", where=f"{where}: start", hint="end it with Z"
        )


def _check_section(scenario: Scenario, incident: Incident, where: str) -> None:
    if incident.section is None:
        return
    if incident.kind == "silence":
        raise SettingsError("a silence is of the whole site", where=where, hint="leave it out")
    _check_is_of_site(scenario, incident.section, where)


def _check_is_of_site(scenario: Scenario, section: str, where: str) -> None:
    from hitwatch.simulate.profiles import section_names

    known = section_names(scenario)
    if section not in known:
        hint = did_you_mean(section, known) or f"known: {', '.join(known[:10])}"
        raise SettingsError(
            f"the {scenario.profile} site has no section {section!r}", where=where, hint=hint
        )


def _check_mix(scenario: Scenario, mix: Mix, where: str) -> None:
    for section in mix.sections:
        _check_is_of_site(scenario, section, f"{where}.sections")
    for status in mix.statuses:
        if not (len(status) == 3 and status.isascii() and status.isdigit()):
            raise SettingsError(
                f"{status!r} is no status",
                where=f"{where}.statuses",
                hint="write three digits, as in 404 = 5",
            )
    for method in mix.methods:
        if not (method.isascii() and method.isalpha() and method.isupper()):
            raise SettingsError(
                f"{method!r} is no method", where=f"{where}.methods", hint="as in GET = 90"
            )
    for name in ("sections", "statuses", "methods", "agents"):
        of: Mapping[str, float] = getattr(mix, name)
        if of and not sum(of.values()):
            raise SettingsError("one weight must be more than 0", where=f"{where}.{name}")


def read_rotation(text: str) -> Rotation:
    """Read how a log is rotated, as the command line says it.

    Args:
        text: a duration, and words behind commas: ``truncate``, ``dated``, ``gzip``.

    Raises:
        SettingsError: it makes no sense.

    >>> read_rotation("1d,dated,gzip").names
    'dated'

    """
    every, *words = (word.strip() for word in text.split(","))
    duration("--rotate", every)
    known = {"rename", "truncate", "numbered", "dated", "gzip"}
    for word in words:
        if word not in known:
            raise SettingsError(
                f"{word!r} is no way to rotate a log",
                where="--rotate",
                hint=did_you_mean(word, sorted(known))
                or "write a duration, as in 1h, or one with words: 1d,dated,gzip or 1h,truncate",
            )
    return Rotation(
        every=every,
        by="truncate" if "truncate" in words else "rename",
        names="dated" if "dated" in words else "numbered",
        compress="gzip" in words,
    )


def start_time(scenario: Scenario, now: int | None) -> int:
    """Time of the first line: the scenario's, the clock's, or the first second of 2026."""
    if scenario.start is not None:
        return from_datetime(scenario.start)
    return now if now is not None else 1_767_225_600_000_000


def bundled_scenario(name: str) -> str | None:
    """The text of a scenario that comes with hitwatch, by its name."""
    path = files("hitwatch.simulate") / "scenarios" / f"{name}.toml"
    return path.read_text("utf-8") if path.is_file() else None


def bundled_names() -> list[str]:
    """Names of the scenarios that come with hitwatch."""
    folder = files("hitwatch.simulate") / "scenarios"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir())


def _hint(message: str) -> str:
    """Say which key was meant, when the error names an unknown one."""
    kinds = (Scenario, Phase, Mix, Incident, Uniform, Rotation)
    keys = [field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)]
    if "unknown field" not in message:
        return ""
    wrong = message.split("`")[1]
    return did_you_mean(wrong, keys) or f"known keys: {', '.join(sorted(set(keys)))}"
