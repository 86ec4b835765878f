"""Which format some lines are in, by trying all of them; reads no files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from hitwatch.hits.compile import TELLING, Hits, Parser, Reject
from hitwatch.hits.format import Format, Layout, folded_name
from hitwatch.hits.formats import builtin
from hitwatch.hits.framing import votes
from hitwatch.hits.w3c import date_of, directives, sections, software_of, with_fields
from hitwatch.spans import Instant

ENOUGH = 0.5
"""Share of lines that must fit."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a format fits some lines.

    Attributes:
        log_format: the format.
        lines: how many lines were tried.
        fitting: how many of them parsed.
        told: how many columns the lines fill.
        rejects: the first lines that did not, and why.
        tied: names of the formats that fit as many lines and say as much.
        headed: whether there is nothing but a header that lays lines out.

    """

    log_format: Format
    lines: int
    fitting: int
    told: int
    rejects: tuple[Reject, ...] = ()
    tied: tuple[str, ...] = ()
    headed: bool = False

    @property
    def share(self) -> float:
        """Share of the lines that parsed."""
        return self.fitting / self.lines if self.lines else 0.0

    @property
    def reject(self) -> Reject | None:
        """The first line that did not parse."""
        return self.rejects[0] if self.rejects else None


def detect(data: bytes, formats: Iterable[Format] | None = None) -> list[Fit]:
    """Try formats on some lines.

    Args:
        data: whole lines, from the beginning of a log.
        formats: the formats to try; all known ones when ``None``.

    Returns:
        The formats by how many lines they fit, then by how much they say, the best first.

    """
    data = votes(data)
    section = _section(data)
    folded = data.lower().translate(None, b"_-. @:")
    tried = []
    for log_format in builtin().values() if formats is None else formats:
        laid_out, lines = log_format, data
        if log_format.layout is Layout.W3C:
            if section.header:
                laid_out = with_fields(log_format, section.header, section.software)
                lines = section.lines
            elif not log_format.lines:
                continue
        if formats is None and not _may_tell(laid_out, data, folded):
            continue
        hits = Parser(laid_out, begun=section.begun).parse(lines)
        tried.append((_score(laid_out, hits, data), laid_out, hits))
    tried.sort(key=lambda item: item[0], reverse=True)
    scores = [score[:4] for score, _, _ in tried]
    fits = [
        Fit(
            log_format,
            hits.lines,
            len(hits),
            score[2],
            tuple(hits.rejects),
            headed=_is_headed(log_format, hits),
        )
        for score, log_format, hits in tried
    ]
    best = [
        fit.log_format.name for fit, score in zip(fits, scores, strict=True) if score == scores[0]
    ]
    return [replace(fits[0], tied=tuple(best[1:])), *fits[1:]] if fits else []


@dataclass(frozen=True, slots=True)
class _Section:
    """The most lines that one header lays out, and what the lines before them say."""

    header: str
    lines: bytes
    software: str
    begun: Instant | None


def _section(data: bytes) -> _Section:
    if b"#" not in data:
        return _Section("", data, "", None)
    header, lines = max(
        sections(data), key=lambda section: (section[0] is not None, len(section[1]))
    )
    said = [line for _, line in directives(data)]
    before = [line for _, line in directives(data[: data.find(lines)])]
    dates = [date for line in (*reversed(before), *said) if (date := date_of(line)) is not None]
    names = [name for line in (*reversed(before), *said) if (name := software_of(line))]
    return _Section(
        (header or b"").decode("utf-8", "replace"),
        lines,
        names[0] if names else "",
        dates[0] if dates else None,
    )


def _is_headed(log_format: Format, hits: Hits) -> bool:
    counted = any(line.counted for line in log_format.lines)
    return counted and bool(hits.directives) and not hits.lines and tells_enough(log_format)


def tells_enough(log_format: Format) -> bool:
    """Whether a format's lines say when something happened, and what."""
    return log_format.fills("time") and (log_format.fills("status") or log_format.fills("target"))


def _may_tell(log_format: Format, data: bytes, folded: bytes) -> bool:
    """Whether lines have names enough that tell a format: a glance that spares a trial."""
    if not log_format.telling:
        return True
    names = (name.rpartition(".")[2] for name in log_format.telling)
    if log_format.folded:
        found = (folded_name(name).encode() in folded for name in names)
    else:
        found = (name.encode() in data for name in names)
    return sum(found) >= TELLING


_EVIDENCE = {
    "nginx-default": re.compile(rb'" (?:444|499) |" \d{3} 0[ \n]'),
    "nginx-main": re.compile(rb'" (?:444|499) |" \d{3} 0[ \n]'),
    "aws-cloudfront": re.compile(rb"x-edge-"),
    "iis-w3c": re.compile(rb"s-sitename|s-computername|sc-substatus|#Software: Microsoft"),
}
"""What tells apart formats of one layout: nginx writes 0 bytes where Apache writes -."""


def _score(log_format: Format, hits: Hits, data: bytes) -> tuple[int, int, int, int, int]:
    """Lines that fit, whether names tell a product, columns they fill, and what else speaks."""
    if not len(hits):
        headed = _is_headed(log_format, hits)
        return 0, 0, 0, headed, _evidence(log_format, data) if headed else 0
    told_by = bool(log_format.telling)
    return len(hits), told_by, hits.told, not log_format.folded, _evidence(log_format, data)


def _evidence(log_format: Format, data: bytes) -> int:
    pattern = _EVIDENCE.get(log_format.name)
    return 0 if pattern is None else 1 if pattern.search(data) else -1
