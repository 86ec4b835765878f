"""Reads the lines of one origin, finding out their format when none was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hitwatch.hits.compile import Hits, Parser
from hitwatch.hits.detect import ENOUGH, Fit, detect
from hitwatch.hits.format import Format
from hitwatch.hits.times import Zone

_TRIED = 256 * 1024


@dataclass(slots=True)
class Reader:
    """Turns lines into hits.

    Attributes:
        columns: the columns to build.
        log_format: the format; ``None`` until it has been found.
        section_depth: how many path segments make a section.
        zone: of times without an offset.
        fit: what detection found, last time it was asked.

    """

    columns: Sequence[str]
    log_format: Format | None = None
    section_depth: int = 1
    zone: Zone | None = None
    fit: Fit | None = None
    _parser: Parser | None = field(default=None, repr=False)

    def recognise(self, lines: bytes) -> bool:
        """Find out the format from some lines.

        Args:
            lines: whole lines; what is beyond the first 256 KiB is not looked at.

        Returns:
            Whether the format is known now.

        """
        if self.log_format is None and lines:
            head = lines[:_TRIED]
            fits = detect(head[: head.rfind(b"\n") + 1] or head)
            self.fit = fits[0]
            if self.fit.share >= ENOUGH:
                self.log_format = self.fit.log_format
        return self.log_format is not None

    def read(self, lines: bytes, first_line: int = 1, keep_rejects: int = 10) -> Hits:
        """Turn whole lines into hits.

        Lines whose format is not known become rejects of the format that fits them best,
        and the next lines are tried anew: a live log may begin with nonsense.
        """
        if self._parser is not None:
            return self._parser.parse(lines, first_line=first_line, keep_rejects=keep_rejects)
        known = self.recognise(lines)
        log_format = self.log_format or (self.fit.log_format if self.fit else None)
        if log_format is None:
            raise ValueError("there are no lines to read")
        parser = self.parser_of(log_format)
        if known:
            self._parser = parser
        return parser.parse(lines, first_line=first_line, keep_rejects=keep_rejects)

    def parser_of(self, log_format: Format, columns: Sequence[str] | None = None) -> Parser:
        """A parser of a format with this reader's settings."""
        return Parser(
            log_format,
            columns=self.columns if columns is None else columns,
            section_depth=self.section_depth,
            zone=self.zone,
        )
