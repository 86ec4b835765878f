"""Which format some lines are in, by trying all of them; reads no files."""

from __future__ import annotations

from dataclasses import dataclass

from hitwatch.hits.compile import Hits, Parser, Reject
from hitwatch.hits.format import Format
from hitwatch.hits.formats import builtin

ENOUGH = 0.5
"""Share of lines that must fit."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a format fits some lines.

    Attributes:
        log_format: the format.
        lines: how many lines were tried.
        fitting: how many of them parsed.
        reject: the first line that did not, and why.
        tied: whether another format fits as many lines and says as much.

    """

    log_format: Format
    lines: int
    fitting: int
    reject: Reject | None
    tied: bool = False

    @property
    def share(self) -> float:
        """Share of the lines that parsed."""
        return self.fitting / self.lines if self.lines else 0.0


def detect(data: bytes) -> list[Fit]:
    """Try every known format on some lines.

    Args:
        data: whole lines, from the beginning of a log.

    Returns:
        The formats by how many lines they fit, then by how much they say, the best first.

    """
    data = b"".join(line for line in data.splitlines(keepends=True) if line.strip())
    tried = [(log_format, Parser(log_format).parse(data)) for log_format in builtin().values()]
    ranked = sorted(tried, key=lambda item: _score(*item), reverse=True)
    scores = [_score(log_format, hits)[:2] for log_format, hits in ranked]
    return [
        Fit(
            log_format=log_format,
            lines=hits.lines,
            fitting=len(hits),
            reject=hits.rejects[0] if hits.rejects else None,
            tied=scores.count(score) > 1,
        )
        for (log_format, hits), score in zip(ranked, scores, strict=True)
    ]


def _score(log_format: Format, hits: Hits) -> tuple[int, int, int]:
    return len(hits), len(log_format.columns), _evidence(log_format, hits)


def _evidence(log_format: Format, hits: Hits) -> int:
    """What tells apart formats of one layout: nginx writes 0 bytes where Apache writes -."""
    if log_format.name != "nginx-default" or not len(hits):
        return 0
    sizes, statuses = hits.codes["bytes"], hits.codes["status"]
    return 1 if (sizes == 0).any() or statuses.is_in([444, 499]).any() else -1
