"""What a rule watches, by what lines hold: bytes, or hits where no line says how many."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from hitwatch.alerting.alert import RuleStatus, Transition
from hitwatch.alerting.judge import Judge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import Instant, bucket_start


def on_hits(rule: SurgeRule) -> SurgeRule:
    """The same rule on hits."""
    return replace(rule, metric="hits", name="traffic")


class MetricJudge:
    """Judges a rule on bytes by bytes or by hits; one on hits by hits.

    Which it is is settled when the rule is judged for the first time, by the buckets that are
    closed then, and hence alike in every mode. Until then it is what lines say so far.

    Args:
        asked: the rule as the user has it.

    """

    def __init__(self, asked: SurgeRule) -> None:
        self.asked = asked
        self._judge = Judge(asked)
        self._instead = Judge(on_hits(asked)) if asked.metric == "bytes" else None
        self._bytes_from: Instant | None = None

    @property
    def rule(self) -> SurgeRule:
        """The rule as it is judged, as far as lines tell by now."""
        return self._ruling.rule

    @property
    def is_settled(self) -> bool:
        """Whether what is watched will not change any more."""
        return self._instead is None

    @property
    def status(self) -> RuleStatus:
        """How the rule stands at the edge judged last."""
        return self._ruling.status

    @property
    def edge(self) -> Instant | None:
        """The bucket end judged last; ``None`` before anything happened."""
        return self._judge.edge

    @property
    def alert(self) -> Transition | None:
        """The running alert; ``None`` when there is none."""
        return self._judge.alert

    def add(self, start: Instant, hits: int, size: int, *, has_bytes: bool) -> None:
        """Put hits into a bucket.

        Args:
            start: start of the bucket.
            hits: how many.
            size: bytes that they sent.
            has_bytes: whether any of them says how many.

        """
        self._judge.add(start, size if self._judge.rule.metric == "bytes" else hits)
        if self._instead is None:
            return
        self._instead.add(start, hits)
        if has_bytes and (self._bytes_from is None or start < self._bytes_from):
            self._bytes_from = start

    def add_all(self, hits: Mapping[Instant, int], sizes: Mapping[Instant, int]) -> None:
        """Put hits into buckets.

        Args:
            hits: by start of bucket, in order.
            sizes: bytes that they sent, of those buckets in which any says how many.

        """
        if self._instead is None:
            of_hits = self._judge.rule.metric == "hits"
            self._judge.add_all(hits if of_hits else {start: sizes.get(start, 0) for start in hits})
            return
        for start, count in hits.items():
            self.add(start, count, sizes.get(start, 0), has_bytes=start in sizes)

    def advance(self, until: Instant) -> list[Transition]:
        """Close and judge every bucket that ends at or before an instant, as ``Judge`` does."""
        if self._instead is not None:
            first = self._judge.status.armed_at
            if first is None or bucket_start(until, self.asked.resolution) < first:
                self._instead.advance(until)
            else:
                self._settle(self._instead, first)
        return self._judge.advance(until)

    def keep_explained(self, transition: Transition) -> None:
        """Keep the running alert with its contributors."""
        self._judge.alert = transition

    def _settle(self, instead: Judge, first: Instant) -> None:
        """Settle what is watched at the first bucket end that is judged."""
        before = first - self.asked.resolution
        self._judge.advance(before)
        instead.advance(before)
        if self._bytes_from is None or self._bytes_from >= first:
            self._judge = instead
        self._instead = None

    @property
    def _ruling(self) -> Judge:
        """The judge whose word will count, as far as lines tell by now."""
        without_bytes = self._bytes_from is None and self._judge.first is not None
        return self._instead if self._instead is not None and without_bytes else self._judge
