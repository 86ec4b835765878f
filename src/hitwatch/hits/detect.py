"""Which format some lines are in, by trying all of them; reads no files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.formats.compile import MIN_IDENTIFYING_KEYS
from hitwatch.formats.format import INFERRED, Format, Layout, normalize_key
from hitwatch.formats.registry import builtin
from hitwatch.formats.shelf import Outline
from hitwatch.formats.w3c import (
    find_directives,
    parse_date,
    parse_software,
    split_sections,
    with_fields,
)
from hitwatch.hits.batch import Hits, Reject
from hitwatch.hits.envelopes import drop_notices
from hitwatch.hits.parser import Parser
from hitwatch.instants import Instant
from hitwatch.patterns import Pattern

ENOUGH = 0.5
"""Share of lines that must fit, unless those that do are beyond doubt."""


class Fit(Struct, frozen=True):
    """How well a format fits some lines.

    Attributes:
        log_format: the format.
        lines: how many lines were tried.
        fitting: how many of them parsed.
        certain: how many of those have nothing but values that look like what they are.
        columns_present: how many columns the lines fill.
        rejects: the first lines that did not, and why.
        tied: names of the formats that fit as many lines and say as much.
        header_only: whether there is nothing but a header that lays lines out.

    """

    log_format: Format
    lines: int
    fitting: int
    certain: int
    columns_present: int
    rejects: tuple[Reject, ...] = ()
    tied: tuple[str, ...] = ()
    header_only: bool = False

    @property
    def share(self) -> float:
        """Share of the lines that parsed."""
        return self.fitting / self.lines if self.lines else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the lines may be read so.

        Most of them fit; or some do, beyond doubt, and the others are something else: notices
        of a server's restarts, lines of other programs.
        """
        generic = self.log_format.normalized_keys and not self.log_format.identifying_keys
        beyond_doubt = self.certain > 0 and not generic and is_informative(self.log_format)
        return self.share >= ENOUGH or self.header_only or beyond_doubt

    @property
    def weight(self) -> int:
        """What speaks for the format: lines that fit, doubtful ones for half."""
        return (self.certain + self.fitting + 1) // 2

    @property
    def reject(self) -> Reject | None:
        """The first line that did not parse."""
        return self.rejects[0] if self.rejects else None


_Score: TypeAlias = tuple[int, int, int, int, int, int]
_Attempt: TypeAlias = tuple[_Score, Format, Hits]
_MakeParser: TypeAlias = Callable[[Format], Parser]

_SAMPLED = 20
"""How many lines tell formats off that cannot be as good as one that takes nearly all lines."""

_NEARLY = 20
"""Nearly all lines: no more than one of so many is missing."""


class Trial:
    """Formats tried on some lines.

    Args:
        data: whole lines, from the beginning of a log.
        formats: the formats to try; all known ones when ``None``, and where these fit fewer
            than half of the lines a layout that is inferred, once ``fits`` are asked for.

    Attributes:
        known: these by how many lines they fit, then by how much they say, the best first;
            where one takes nearly all lines, only what may be as good.

    """

    def __init__(self, data: bytes, formats: Iterable[Format] | None = None) -> None:
        self.data = drop_notices(data)
        self.formats = formats
        self._attempts = _try_formats(self.data, formats)
        self.known = _rank(self._attempts)

    @property
    def fits(self) -> list[Fit]:
        """As ``known``, with the layout that is inferred where none of these will do."""
        best = max((fit.certain for fit in self.known), default=0)
        if self.formats is not None or best >= ENOUGH * self.data.count(b"\n"):
            return self.known
        # What infers is loaded where it is needed, which is seldom.
        from hitwatch.formats.inference.infer import infer

        inferred = infer(self.data)
        more = _try_formats(self.data, [inferred]) if inferred else []
        return _rank(self._attempts + more) if more else self.known


def detect(data: bytes, formats: Iterable[Format] | None = None) -> list[Fit]:
    """Try formats on some lines, and give them, the best first. Arguments: as of a trial."""
    return Trial(data, formats).fits


def _rank(tried: Iterable[_Attempt]) -> list[Fit]:
    tried = sorted(tried, key=lambda item: item[0], reverse=True)
    scores = [score[:-1] for score, _, _ in tried]
    fits = [
        Fit(
            log_format,
            hits.lines,
            len(hits),
            hits.certain,
            hits.columns_present,
            tuple(hits.rejects),
            header_only=_is_header_only(log_format, hits),
        )
        for _, log_format, hits in tried
    ]
    best_names = [
        fit.log_format.name for fit, score in zip(fits, scores, strict=True) if score == scores[0]
    ]
    return [replace(fits[0], tied=tuple(best_names[1:])), *fits[1:]] if fits else []


def _try_formats(data: bytes, formats: Iterable[Format] | None) -> list[_Attempt]:
    section = _largest_section(data)
    if formats is not None:
        tried = [_try_format(known, data, section, Parser) for known in formats]
        return [attempt for attempt in tried if attempt is not None]
    return _try_known(data, section)


def _try_known(data: bytes, section: _Section) -> list[_Attempt]:
    """The known formats tried, those first that are widespread; in the order of their names.

    Once one has taken nearly every line with certainty, only what misses no more can be better or
    as good. Of the others those are left out that miss more of the first lines, by what these
    look like, or as they are read: that does not depend on the lines behind them.
    """
    known, prefilter = builtin(), _Prefilter(data)
    lines, sample = _count_lines(data), b""
    missed: int | None = None
    tried: dict[str, _Attempt] = {}
    for name in sorted(known, key=lambda name: not known.outline(name).widespread):
        if not prefilter.may_be(known.outline(name)):
            continue
        if missed is not None:
            probe = _try_format(known[name], sample, section, _known_parser)
            if probe is not None and probe[2].certain < _count_lines(sample) - missed:
                continue
        attempt = _try_format(known[name], data, section, _known_parser)
        if attempt is None:
            continue
        tried[name] = attempt
        found_missed = lines - attempt[2].certain
        if missed is None and not section.header and found_missed * _NEARLY <= lines:
            missed = found_missed
            prefilter.look_only_at(_first_lines(data, 1 + missed))
            sample = _first_lines(data, _SAMPLED + missed)
    return [tried[name] for name in known if name in tried]


def _first_lines(data: bytes, count: int) -> bytes:
    end = 0
    for _ in range(count):
        end = data.find(b"\n", end) + 1
        if not end:
            return data
    return data[:end]


def _count_lines(data: bytes) -> int:
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))


def _try_format(
    log_format: Format, data: bytes, section: _Section, parser_of: _MakeParser
) -> _Attempt | None:
    """One format tried on some lines; ``None`` where nothing says how they are laid out."""
    resolved, lines = log_format, data
    if log_format.layout is Layout.W3C:
        if section.header:
            resolved = with_fields(log_format, section.header, section.software)
            lines = section.lines
        elif not log_format.lines:
            return None
    plain = resolved is log_format and section.begun is None
    parser = parser_of(log_format) if plain else Parser(resolved, begun=section.begun)
    hits = parser.parse(lines)
    return _score(resolved, hits, data), resolved, hits


def _known_parser(log_format: Format) -> Parser:
    return _parser(log_format.name, id(log_format))


@cache
def _parser(name: str, identity: int) -> Parser:
    """The parser of a known format; making one takes longer than trying it on some lines.

    Args:
        name: of the format.
        identity: of the value, for another may have taken the name.

    """
    return Parser(builtin()[name])


class _Section(Struct, frozen=True):
    """The most lines that one header lays out, and what the lines before them say."""

    header: str
    lines: bytes
    software: str
    begun: Instant | None


def _largest_section(data: bytes) -> _Section:
    if b"#" not in data:
        return _Section("", data, "", None)
    header, lines = max(
        split_sections(data), key=lambda section: (section[0] is not None, len(section[1]))
    )
    all_directives = [line for _, line in find_directives(data)]
    before = [line for _, line in find_directives(data[: data.find(lines)])]
    dates = [
        date
        for line in (*reversed(before), *all_directives)
        if (date := parse_date(line)) is not None
    ]
    names = [
        name for line in (*reversed(before), *all_directives) if (name := parse_software(line))
    ]
    return _Section(
        (header or b"").decode("utf-8", "replace"),
        lines,
        names[0] if names else "",
        dates[0] if dates else None,
    )


def _is_header_only(log_format: Format, hits: Hits) -> bool:
    delimited = any(line.delimited for line in log_format.lines)
    return delimited and bool(hits.directives) and not hits.lines and is_informative(log_format)


def is_informative(log_format: Format) -> bool:
    """Whether a format's lines say when something happened, and what."""
    return log_format.fills("time") and (log_format.fills("status") or log_format.fills("target"))


class _Prefilter:
    """Excludes formats that some lines cannot be in, which is cheaper than a trial.

    Args:
        data: the lines.

    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.look_only_at(data)
        self._objects = _OBJECT.search(data) is not None
        self._others = not self._objects or _OTHER.search(data) is not None
        self._layouts: dict[Layout, bool] = {}

    def look_only_at(self, lines: bytes) -> None:
        """Exclude formats also by what some of the lines hold, of which each must be in them."""
        self._looked_at = lines
        self._normalized: bytes | None = None

    def may_be(self, outline: Outline) -> bool:
        """Whether any of the lines may be in a format, by what its lines look like."""
        layout = outline.layout
        if layout not in self._layouts:
            self._layouts[layout] = self._may_be(layout)
        if not self._layouts[layout]:
            return False
        written = outline.literals
        return (not written or any(map(self._has, written))) and self._may_have_names(outline)

    def _has(self, texts: Iterable[str]) -> bool:
        """Whether texts stand in the lines, each behind the one before it; blanks do not count."""
        end = 0
        for text in texts:
            found = text.strip().encode()
            end = self._looked_at.find(found, end) + len(found)
            if end < len(found):
                return False
        return True

    def _may_be(self, layout: Layout) -> bool:
        match layout:
            case Layout.JSON:
                return self._objects
            case Layout.LOGFMT:
                return _PAIRS.search(self._data, 0, _PAIRS_SEARCHED) is not None
            case Layout.W3C:
                return _DATED.search(self._data) is not None
            case Layout.LTSV:
                return b"\t" in self._data and b":" in self._data
            case _:
                return self._others

    def _may_have_names(self, outline: Outline) -> bool:
        """Whether lines have enough of the names that identify the format."""
        if not outline.identifying_keys:
            return True
        names = (name.rpartition(".")[2] for name in outline.identifying_keys)
        if outline.normalized_keys:
            if self._normalized is None:
                self._normalized = self._looked_at.lower().translate(None, b"_-. @:")
            normalized_keys = self._normalized
            found = (normalize_key(name).encode() in normalized_keys for name in names)
        else:
            found = (name.encode() in self._looked_at for name in names)
        return sum(found) >= MIN_IDENTIFYING_KEYS


_PAIRS_SEARCHED = 4096
"""How many bytes are searched for pairs; lines of another kind further on are exceptions."""

_OBJECT = Pattern(rb"^[ \t]*\{", re.MULTILINE)
_OTHER = Pattern(rb"^(?![ \t]*\{.*\}[ \t\r]*$).*\S", re.MULTILINE)
_PAIRS = Pattern(
    rb"(?:^|[ \t])[\w.@/-]{1,64}=(?:\"(?:[^\"\\\n]|\\.)*\"|[^ \t\n\"]*)[ \t]+[\w.@/-]{1,64}=",
    re.MULTILINE,
)
_DATED = Pattern(rb"^(?:#|[ \t\"]*\d{2,4}[-:]\d\d[-:]\d\d)", re.MULTILINE)
"""How lines look that are objects, are none, are pairs, or have a header or a date."""


def _score(log_format: Format, hits: Hits, data: bytes) -> _Score:
    """Certain hits, whether names identify a product, hits, and what else counts, in this order."""
    if not len(hits):
        header_only = _is_header_only(log_format, hits)
        return 0, 0, 0, 0, header_only, _evidence(log_format, data) if header_only else 0
    is_identified = bool(log_format.identifying_keys)
    particular = not log_format.normalized_keys
    evidence = _evidence(log_format, data)
    # What is inferred goes behind all that is known.
    columns_present = 0 if log_format.name == INFERRED else hits.columns_present
    return hits.certain, is_identified, len(hits), columns_present, particular, evidence


def _evidence(log_format: Format, data: bytes) -> int:
    if not log_format.evidence:
        return 0
    return 1 if re.search(log_format.evidence.encode(), data) else -1
