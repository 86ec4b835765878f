"""Reads the lines of one origin: finds out their format, and follows it when it changes.

Three things are handled without being asked for: what runtimes and collectors put around
lines (``envelopes.py``); the ``#Fields`` lines of W3C logs; and lines of another known
format among the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch import _kernel
from hitwatch.formats.fields import CLOCK, Kind
from hitwatch.formats.format import INFERRED, Format, Layout, combine_formats
from hitwatch.formats.w3c import (
    FIELDS_DIRECTIVE,
    find_directives,
    parse_date,
    parse_software,
    with_fields,
)
from hitwatch.hits.ambiguity import resolve_date, resolve_host
from hitwatch.hits.batch import CLOCK_UNKNOWN, ClockState, Hits
from hitwatch.hits.detect import Fit, Trial, is_informative
from hitwatch.hits.detect_envelopes import detect_framed
from hitwatch.hits.duration_units import resolve_units
from hitwatch.hits.envelopes import Frame, unwrap
from hitwatch.hits.line_numbers import LineNumbers
from hitwatch.hits.parser import Parser
from hitwatch.instants import Instant
from hitwatch.zones import Zone

_HEAD_SIZE = 64 * 1024
_MAX_UNMATCHED = 200
"""How many rejected lines of an origin are tried in other formats."""

_ALIKE = 20
"""How many lines of one shape."""

_CONSISTENT = 3
"""How many rejected lines must be alike to have a layout of their own."""


class Reader(Struct):
    """Turns lines into hits.

    Attributes:
        columns: the columns to build; all when ``None``.
        log_format: the format; ``None`` until it has been found.
        section_depth: how many path segments make a section.
        zone: of times without an offset.
        line_numbers: whether to build the column ``line_number``.
        duration_unit: of durations whose unit the format leaves open; ``None``: as resolved
            from the lines.
        framing: what is around the lines, the outermost first.
        postprocessor: what is done to hits before they are given out.
        expected: the format of a log that this one was, or will be: where it takes all of the
            first lines, no other is looked for.
        fits: what detection found, last time it was asked, the best first.

    """

    columns: Sequence[str] | None
    log_format: Format | None = None
    section_depth: int = 1
    zone: Zone | None = None
    line_numbers: bool = False
    duration_unit: str | None = None
    framing: tuple[Frame, ...] = ()
    postprocessor: Callable[[Hits], Hits] | None = None
    expected: Format | None = None
    fits: list[Fit] = field(default_factory=list)
    _found: bool = False
    _parser: Parser | None = None
    _unframer: _kernel.Unframer | None = None
    _numbers: LineNumbers = field(default_factory=LineNumbers)
    _unmatched_left: int = _MAX_UNMATCHED
    _shapes: Counter[tuple[bytes, int, bool]] = field(default_factory=Counter)
    _begun: Instant | None = None
    _software: str = ""
    _clock_state: ClockState = CLOCK_UNKNOWN

    @property
    def fit(self) -> Fit | None:
        """The format that fits best, last time detection was asked."""
        return self.fits[0] if self.fits else None

    def recognise(self, lines: bytes) -> bool:
        """Find out the format, and what carries the lines.

        Args:
            lines: whole lines; what is beyond the first 64 KiB is not looked at.

        Returns:
            Whether the format is known now.

        """
        if not lines or (self._found and self.log_format is not None):
            return self.log_format is not None
        head = lines[:_HEAD_SIZE]
        head = head[: head.rfind(b"\n") + 1] or head
        self.framing, fits = self._detect(head)
        self._unframer = None
        self.fits = fits
        if self.log_format is None and fits and fits[0].is_enough:
            self.log_format = fits[0].log_format
        self._found = self.log_format is not None
        if self._found and self.log_format is not None:
            payload = self.unwrap(head)
            dated = resolve_date(self.log_format, payload, self.zone)
            self.log_format = resolve_host(dated, payload)
            self._resolve_units(payload)
        return self._found

    def _detect(self, head: bytes) -> tuple[tuple[Frame, ...], list[Fit]]:
        """What is around some lines, and the formats that fit them, the best first."""
        if self.log_format is None and self.expected is not None:
            asked = [self.expected]
            found = detect_framed(head, lambda lines: Trial(lines, asked))
            if found[1] and found[1][0].certain == found[1][0].lines:
                return found
        given = [self.log_format] if self.log_format else None
        return detect_framed(head, lambda lines: Trial(lines, given))

    def _resolve_units(self, lines: bytes) -> bool:
        """Resolve units that are still open; whether lines showed any."""
        before = self.log_format
        if before is None or before.layout is Layout.W3C:
            return False
        self.log_format = resolve_units(before, lines, self.duration_unit)
        if self.log_format is before:
            return False
        self._parser = None
        return True

    def apply_directive(self, line: bytes) -> None:
        """Take over a line that says something of those behind it: a W3C log's directive."""
        if self.log_format is None or self.log_format.layout is not Layout.W3C:
            return
        if line.startswith(FIELDS_DIRECTIVE):
            header = line.decode("utf-8", "replace")
            self.log_format = with_fields(
                self.log_format, header, self._software, self.duration_unit
            )
        elif (software := parse_software(line)) is not None:
            self._software = software
            return
        elif (begun := parse_date(line)) is not None:
            self._begun = begun
            # The day begins anew; what is known of it belongs to the part before.
            self._clock_state = (None, self._clock_state[1])
        else:
            return
        self._parser = None

    @property
    def counts_days(self) -> bool:
        """Whether the day of a line depends on the lines before it."""
        return (
            self._begun is not None
            and self.log_format is not None
            and not any(
                spec.kind is Kind.TIME and (spec.time_format or "any") != CLOCK
                for _, spec in self.log_format.specs
            )
        )

    def probe(self) -> Reader:
        """A reader of the times alone that knows what this one knows."""
        return self.again(columns=["time"], line_numbers=False, postprocessor=None, _parser=None)

    def again(self, **changes: Any) -> Reader:
        """One that knows what this knows of the lines, and counts and unwraps them anew.

        Args:
            **changes: attributes that it has otherwise.

        """
        return replace(self, **{"_unframer": None, "_numbers": LineNumbers(), **changes})

    def only(self, log_format: Format) -> Reader:
        """One that reads all lines as of one format, whatever others would fit better."""
        return self.again(log_format=log_format, _parser=None, _unmatched_left=0)

    def continue_from(self, other: Reader) -> None:
        """Read on as another reader of the same lines would."""
        self.log_format, self._software = other.log_format, other._software
        self._begun, self._clock_state = other._begun, other._clock_state
        self._parser = None

    def read(self, lines: bytes, first_line: int = 1, keep_rejects: int = 10) -> list[Hits]:
        """Turn whole lines into hits.

        Lines whose format is not known become rejects of the format that fits them best,
        and the next lines are tried anew: a live log may begin with nonsense.

        Args:
            lines: whole lines.
            first_line: number of the first.
            keep_rejects: how many rejected lines to keep with their reasons.

        Returns:
            The hits, in the order of the lines; several where the layout changes.

        """
        return [self.postprocess(hits) for hits in self._hits(lines, first_line, keep_rejects)]

    def postprocess(self, hits: Hits) -> Hits:
        """Hits as they may be given out."""
        return hits if self.postprocessor is None else self.postprocessor(hits)

    def _hits(self, lines: bytes, first_line: int, keep_rejects: int) -> list[Hits]:
        self.recognise(lines)
        if self.log_format is None:
            parser = self._make_parser(self.fits[0].log_format) if self.fits else None
            if parser is None:
                raise ValueError("no lines to read")
            lines = self.unwrap(lines)
            return [parser.parse(lines, first_line=first_line, keep_rejects=keep_rejects)]
        if self.framing:
            if self._unframer is None:
                self._unframer = _kernel.Unframer([frame.compiled for frame in self.framing])
            framed, lines = lines, self._unframer.feed(lines)
            first_line = self._numbers.of(first_line, framed, lines)
        return self._parse(lines, first_line, keep_rejects)

    def finish(self, keep_rejects: int = 10) -> list[Hits]:
        """Read what is held of lines whose rest will not come: the input has ended.

        Args:
            keep_rejects: as ``read``.

        """
        lines = self._unframer.finish() if self._unframer else b""
        if not lines:
            return []
        first_line = self._numbers.of(self._numbers.next, b"", lines)
        found = self._parse(lines, first_line, keep_rejects)
        return [self.postprocess(hits) for hits in found]

    def _parse(self, lines: bytes, first_line: int, keep_rejects: int) -> list[Hits]:
        if self.log_format is not None and self.log_format.layout is Layout.W3C:
            return self._read_w3c(lines, first_line, keep_rejects)
        return [self._read(lines, first_line, keep_rejects)]

    def parser_of(self, log_format: Format, columns: Sequence[str] | None = None) -> Parser:
        """A parser of a format with this reader's settings."""
        return self._make_parser(log_format, self.columns if columns is None else columns)

    @property
    def parser(self) -> Parser:
        """The parser of the format as it is known now.

        Raises:
            ValueError: no format is known.

        """
        if self.log_format is None:
            raise ValueError("unknown format")
        if self._parser is None:
            self._parser = self._make_parser(self.log_format)
        return self._parser

    @property
    def envelope(self) -> str | None:
        """Names of what is around the lines, the outermost first; ``None``: nothing."""
        return " + ".join(frame.name for frame in self.framing) or None

    @property
    def is_line_by_line(self) -> bool:
        """Whether each line can be read by itself, whatever stands before it."""
        return not self._is_w3c and self.has_whole_lines

    @property
    def has_whole_lines(self) -> bool:
        """Whether each line is all of what it says, and no part of others."""
        return all(frame.compiled.is_line_by_line for frame in self.framing)

    @property
    def directive(self) -> int | None:
        """The byte with which lines begin that others are read by; ``None``: there are none."""
        return ord("#") if self._is_w3c else None

    @property
    def _is_w3c(self) -> bool:
        return self.log_format is not None and self.log_format.layout is Layout.W3C

    @property
    def has_lines(self) -> bool:
        """Whether lines of the input are lines of the log, and not pieces of objects."""
        return all(frame.kind != "records" for frame in self.framing)

    def unwrap(self, lines: bytes) -> bytes:
        """Some whole lines, without what is around them."""
        return unwrap(self.framing, lines)

    def _make_parser(self, log_format: Format, columns: Sequence[str] | None = None) -> Parser:
        return Parser(
            log_format,
            columns=columns or self.columns,
            section_depth=self.section_depth,
            zone=self.zone,
            begun=self._begun,
            line_numbers=self.line_numbers,
        )

    @property
    def unmatched(self) -> int:
        """How many more rejected lines are to be tried in other formats."""
        return self._unmatched_left

    def reconsider(self, hits: Hits) -> bool:
        """Try lines that were rejected in other formats, and take in the one that fits.

        Args:
            hits: of this reader's parser, with as many rejects kept as there are ``unmatched``.

        Returns:
            Whether the lines should be read again, since the format has changed.

        """
        if hits.parser is not self.parser:
            return bool(hits.rejected) or hits.open_units
        if hits.open_units and self._resolve_units(hits.data or b""):
            return True
        log_format = self.parser.log_format
        if log_format.layout is Layout.W3C or not (hits.rejected and self._unmatched_left):
            return False
        other = self._other_format(hits)
        if other is None:
            return False
        self.log_format = combine_formats([*(log_format.parts or (log_format,)), other])
        self._parser = None
        return True

    def _read(self, lines: bytes, first_line: int, keep_rejects: int) -> Hits:
        kept = max(keep_rejects, self._unmatched_left)
        while True:
            hits = self.parser.parse(
                lines, first_line=first_line, keep_rejects=kept, clock_state=self._clock_state
            )
            if not self.reconsider(hits):
                self._clock_state = hits.clock_state
                return hits.limit_rejects(keep_rejects)

    def _other_format(self, hits: Hits) -> Format | None:
        """Another format, found among the lines that were rejected.

        Lines of one shape are tried a few times only: bad lines are many and alike.
        """
        lines = []
        for reject in hits.rejects[: self._unmatched_left]:
            shape = _shape(reject.line)
            if reject.line and self._shapes[shape] < _ALIKE:
                self._shapes[shape] += 1
                lines.append(reject.line)
        self._unmatched_left -= len(lines)
        if not lines:
            return None
        tried = b"\n".join(lines) + b"\n"
        trial = Trial(tried)
        # A layout of its own that one line has is that of a damaged line.
        best = trial.known if len(lines) < _CONSISTENT else trial.fits
        if not best or not best[0].certain or not is_informative(best[0].log_format):
            return None
        if best[0].log_format.name == INFERRED and best[0].certain < _CONSISTENT:
            return None
        return resolve_units(best[0].log_format, tried, self.duration_unit)

    def _read_w3c(self, lines: bytes, first_line: int, keep_rejects: int) -> list[Hits]:
        """Read lines up to each line that changes the layout, then those behind it."""
        found: list[Hits] = []
        start = 0
        for at, line in [*find_directives(lines), (len(lines), b"")]:
            if at > start and self.log_format is not None:
                part = lines[start:at]
                hits = self._read(part, first_line, keep_rejects)
                first_line += hits.lines + hits.directives
                found.append(hits)
            if line:
                self.apply_directive(line)
            start = at
        return found


def _shape(line: bytes) -> tuple[bytes, int, bool]:
    """What lines of one kind have in common: how they begin, their quotes, their protocol."""
    first = line[:1]
    return (b"a" if first.isalnum() else first), min(line.count(b'"'), 8), b"HTTP/" in line
