"""The types of a report in JSON: its schema. Keys are a contract."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

SCHEMA_VERSION = 1

Time: TypeAlias = Annotated[str, Meta(description="RFC 3339, UTC")]
Share: TypeAlias = Annotated[float, Meta(description="a share of one")]
Error: TypeAlias = Annotated[
    float, Meta(description="how far it may be off, as a share; 0: it is exact")
]


SampleError: TypeAlias = Annotated[
    float, Meta(description="how far it may be off in 95 of 100 samples, as a share")
]


class DurationObject(Struct, frozen=True):
    """How long requests took, in seconds."""

    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float
    total_s: Annotated[float, Meta(description="of all hits that say how long they took")]


class KindObject(Struct, frozen=True):
    """The hits by programs of one kind."""

    hits: int
    visitors: int
    bytes: Annotated[int, Meta(description="sent")]


class MetricsObject(Struct, frozen=True):
    """The metrics of one key."""

    hits: int
    visitors: Annotated[int, Meta(description="distinct (client, user agent, day)")]
    bytes: Annotated[int, Meta(description="sent")]
    errors_4xx: int
    errors_5xx: int
    bots: Annotated[int, Meta(description="hits by what is no human's browser")]
    largest: Annotated[int, Meta(description="bytes of the largest answer")]
    error_ratio: Share
    duration: DurationObject | None


class RowObject(Struct, frozen=True, omit_defaults=True):
    """One row of a panel; ``(other)`` is what its evicted keys have together."""

    key: str
    hits: int
    visitors: int
    bytes: int
    errors_4xx: int
    errors_5xx: int
    bots: int
    largest: int
    error_ratio: float
    name: Annotated[str | UnsetType, Meta(description="more on the key")] = UNSET
    bytes_received: Annotated[int | UnsetType, Meta(description="of the requests")] = UNSET
    duration: DurationObject | UnsetType = UNSET
    upstream: Annotated[
        DurationObject | UnsetType, Meta(description="durations of the servers behind")
    ] = UNSET
    kinds: Annotated[
        dict[str, KindObject] | UnsetType,
        Meta(description="by kind: human, search, ai, tool, monitor, bot or unknown"),
    ] = UNSET
    trend: Annotated[
        list[int] | UnsetType, Meta(description="hits in each step of the report's trend")
    ] = UNSET
    previous: MetricsObject | UnsetType = UNSET
    hits_error: Annotated[SampleError | UnsetType, Meta(description="of a sample")] = UNSET


class SampleObject(Struct, frozen=True):
    """What is told of some lines alone, chosen by chance; counts are times ``one_in``.

    What is distinct, as visitors are, is that of these lines.
    """

    one_in: Annotated[int, Meta(description="one line in how many")]
    hits_error: SampleError
    bytes_error: SampleError


class GuessObject(Struct, frozen=True):
    """What the lines of an input leave open."""

    what: str
    taken: Annotated[str, Meta(description="as what it was taken")]
    why: str
    settle: Annotated[str, Meta(description="how to settle it")]


class SourceObject(Struct, frozen=True):
    """What was read of one input; lines = hits + rejects + excluded."""

    origin: str
    log_format: str
    lines: int
    hits: int
    rejects: int
    excluded: int
    bytes_read: Annotated[int, Meta(description="after decompression")]
    bytes_passed_over: Annotated[int, Meta(description="of other times than those asked for")]
    guesses: list[GuessObject]


class GapObject(Struct, frozen=True):
    """A stretch without any hit."""

    start: Time
    end: Time


class RangeObject(Struct, frozen=True):
    """When the hits were."""

    start: Time | None
    end: Time | None
    gaps: Annotated[list[GapObject], Meta(description="the longest")]


class PreviousObject(Struct, frozen=True):
    """The time that the report compares with."""

    start: Time | None
    end: Time | None
    hits: int
    bytes: int
    visitors: int
    visitors_error: Error
    bots: int
    clients: int
    errors_4xx: int
    errors_5xx: int
    duration: DurationObject | None


class TotalsObject(Struct, frozen=True):
    """The metrics of all hits."""

    lines: int
    hits: int
    rejects: int
    excluded: int
    bytes: int
    visitors: int
    sections: int
    paths: int
    clients: int
    static_files: int
    not_found: int
    referrers: int
    bots: int
    bytes_received: int
    bytes_read: int
    elapsed_s: float
    duration: DurationObject | None
    upstream: DurationObject | None
    kinds: dict[str, KindObject]
    statuses: Annotated[dict[str, int], Meta(description="hits by status")]
    reject_reasons: Annotated[dict[str, int], Meta(description="rejects by reason")]
    errors: Annotated[dict[str, float], Meta(description="how far each total may be off")]


class BoundsObject(Struct, frozen=True):
    """How exact the rows of a panel are."""

    keys: Annotated[int, Meta(description="distinct keys; an estimate once any was evicted")]
    hits_error: Annotated[int, Meta(description="hits that a key of these may lack")]
    left_out_hits: Annotated[int, Meta(description="hits that an evicted key had at most")]
    visitors_error: Error
    durations_error: Error
    ranked_from: Annotated[int, Meta(description="hits below which keys come last; 0: none do")]


class HistogramObject(Struct, frozen=True):
    """Hits that took up to so long, and longer than those before."""

    up_to_s: float
    hits: int


class ContributorObject(Struct, frozen=True):
    """What grew, per second."""

    dimension: str
    key: str
    excess: Annotated[float, Meta(description="above what is usual")]
    share: Annotated[float, Meta(description="of everything that grew")]
    usual: Annotated[float, Meta(description="over the long window")]


class ExpectedObject(Struct, frozen=True):
    """Between what a value may be without an alert."""

    low: float | None
    high: float | None


class AlertObject(Struct, frozen=True):
    """An alert that would have fired; averages are per second."""

    rule: str
    fired_at: Time
    resolved_at: Annotated[str | None, Meta(description="null while it lasts")]
    value: Annotated[float, Meta(description="short average when it fired")]
    peak: Annotated[float, Meta(description="highest short average")]
    baseline: Annotated[float, Meta(description="long average when it fired")]
    threshold: float
    unit: str
    severity: Annotated[str, Meta(description="info, warning or page")]
    kind: Annotated[str, Meta(description="of the rule")]
    labels: dict[str, str]
    expected: Annotated[
        ExpectedObject, Meta(description="what the short average could be when it fired")
    ]
    lasted_s: Annotated[float | None, Meta(description="null while it lasts")]
    excess: Annotated[
        float | None,
        Meta(description="how much more there was than at the baseline; null while it lasts"),
    ]
    contributors: list[ContributorObject]


class TrendObject(Struct, frozen=True):
    """Hits over time, in steps as clocks of the zone show them."""

    step_s: int
    starts: list[Time]
    hits: list[int]


class LatencyObject(Struct, frozen=True):
    """Hits by how long they took, over time, in steps as clocks of the zone show them."""

    step_s: int
    starts: list[Time]
    up_to_s: Annotated[
        list[float | None],
        Meta(description="hits took up to so long, and longer than the one before; null: longer"),
    ]
    hits: Annotated[list[list[int]], Meta(description="in each step, by up_to_s")]


class ReportObject(Struct, frozen=True):
    """What ``hitwatch report --output-format json`` gives."""

    schema_version: int
    sources: list[SourceObject]
    range: RangeObject
    display_tz: Annotated[str, Meta(description="zone of the keys of days and hours")]
    complete: Annotated[bool, Meta(description="whether everything was read")]
    sample: Annotated[SampleObject | None, Meta(description="where not all lines were counted")]
    judged_from: Annotated[
        str | None, Meta(description="first bucket end at which the rule could be judged")
    ]
    previous: PreviousObject | None
    totals: TotalsObject
    trend: TrendObject | None
    panels: dict[str, list[RowObject]]
    bounds: dict[str, BoundsObject]
    durations: list[HistogramObject]
    latency: LatencyObject | None
    durations_of: Annotated[
        Literal["requests", "upstreams"],
        Meta(description="whose durations all are: upstreams' where the logs have no others"),
    ]
    alerts: list[AlertObject]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    found = msgspec.json.schema(ReportObject)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
