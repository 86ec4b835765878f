"""The readers of a run, one for each origin, all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch.formats.format import Format
from hitwatch.hits.batch import Hits
from hitwatch.hits.reader import Reader
from hitwatch.privacy.pipeline import HitPipeline
from hitwatch.privacy.policy import has_forwarded_clients
from hitwatch.select.derived import sources_of
from hitwatch.select.filter import Filter
from hitwatch.sources.discovery import rotated_name
from hitwatch.zones import Zone


class Readers(Struct):
    """Gives the reader of an origin's lines, made when it is first asked for.

    Attributes:
        columns: the columns to build; all when ``None``.
        log_format: the format; found from the lines when ``None``.
        section_depth: how many path segments make a section.
        zone: of times without an offset.
        line_numbers: whether to build the column ``line_number``.
        duration_unit: of durations whose unit a format leaves open.
        pipeline: what is done to hits.
        notify: tells the user something about the run itself.
        alike: readers that know the formats already; ``None``: nobody does.

    """

    columns: Sequence[str] | None
    log_format: Format | None = None
    section_depth: int = 1
    zone: Zone | None = None
    line_numbers: bool = False
    pipeline: HitPipeline = field(default_factory=HitPipeline)
    notify: Callable[[str], None] | None = None
    alike: Readers | None = None
    duration_unit: str | None = None
    _known: dict[str, Reader] = field(default_factory=dict)
    _rotations: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _told: bool = False
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, origin: str) -> Reader:
        """The reader of an origin's lines."""
        if origin not in self._known:
            self._known[origin] = self._make(origin)
        return self._known[origin]

    def _make(self, origin: str) -> Reader:
        columns = None
        if self.columns is not None:
            columns = sorted(sources_of(self.columns) | self.pipeline.columns)
        if self.alike is None:
            made = Reader(
                columns,
                self.log_format,
                self.section_depth,
                self.zone,
                duration_unit=self.duration_unit,
            )
        else:
            made = self.alike(origin).again(columns=columns)
        made.line_numbers = self.line_numbers
        made.expected = self._expected(origin)
        made.postprocessor = partial(self._postprocess, origin)
        return made

    def _expected(self, origin: str) -> Format | None:
        """The format of a log of the same rotation that has been found out."""
        name = rotated_name(origin)
        alike = self._known.get(self._rotations.get(name, ""))
        if alike is None or not alike.fits or alike.log_format is None:
            self._rotations[name] = origin
            return None
        return alike.fits[0].log_format

    def building(
        self, columns: Sequence[str], hit_filter: Filter, *, line_numbers: bool
    ) -> Readers:
        """Readers that know what these know of formats, and build other columns of other hits."""
        return Readers(
            columns,
            line_numbers=line_numbers,
            pipeline=replace(self.pipeline, hit_filter=hit_filter),
            notify=self.notify,
            alike=self,
        )

    def _postprocess(self, origin: str, hits: Hits) -> Hits:
        if self.pipeline.proxies is not None and len(hits):
            self._look(origin, hits)
        return self.pipeline(hits)

    def _look(self, origin: str, hits: Hits) -> None:
        """Tell, once, that a log does not have what it takes to see behind proxies."""
        with self._lock:
            first = origin not in self._seen
            self._seen.add(origin)
            blind = first and not self._told and not has_forwarded_clients(hits)
            self._told |= blind
        if blind and self.notify is not None:
            self.notify(
                f"{origin} logs no X-Forwarded-For in its first lines:"
                " where there is none, clients are taken as logged"
            )
