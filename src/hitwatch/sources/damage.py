"""What of an input could not be read, and how that is said: one rule for all inputs.

What can be read is read. What cannot is kept as a ``Damage`` with its place and size; when the
input has ended, all of it is one ``DamageError``. A line of which the end or the beginning is
lost does not count as one.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.errors import DamageError
from hitwatch.follow.splitter import Splitter


class Damage(Struct, frozen=True):
    """A stretch of an input that could not be read, or not be checked.

    Attributes:
        offset: where it begins, in the file as it lies on the disk.
        size: its bytes.
        why: what is wrong with it, with ``{size}`` and ``{offset}`` in their places.
        lost: whether text is missing there; else all of the text is there.
        inside: whether what comes behind it may begin within a line.
        packed: whether it is in compressed data.

    """

    offset: int
    size: int
    why: str
    lost: bool = True
    inside: bool = False
    packed: bool = False

    @property
    def wording(self) -> str:
        """What is wrong, and where."""
        text = self.why.format(size=f"{self.size:,}", offset=f"{self.offset:,}")
        return text.replace("1 bytes", "1 byte", 1) if self.size == 1 else text


def truncated_lines(splitter: Splitter) -> list[Damage]:
    """What was left unread of lines that are too long to be held."""
    if not splitter.cut:
        return []
    why = f"a line is longer than {splitter.max_line >> 20} MiB: " + (
        "{size} bytes of it, from offset {offset} on, are left unread"
    )
    return [Damage(splitter.cut_at, splitter.cut, why, lost=False)]


def damage_error(
    path: str, damages: Iterable[Damage], *, torn: int = 0, lines: int | None = None
) -> DamageError | None:
    """The error of an input that has been read as far as it could be.

    Args:
        path: the input.
        damages: what is wrong with it; none for none.
        torn: bytes of lines that lack their end.
        lines: how many whole lines were read; ``None``: not counted yet.

    """
    merged = _merge_adjacent(damages)
    if not merged:
        return None
    packed = any(damage.packed for damage in merged)
    why = merged[0].wording
    if len(merged) > 1:
        others = sum(damage.size for damage in merged[1:])
        why += f"; {len(merged) - 1} more such places of {others:,} bytes in all"
    error = DamageError(
        "the compressed file is damaged or cut short" if packed else "not all of it could be read",
        where=path,
        why=why,
        torn=torn,
    )
    if lines is not None:
        error.set_lines(lines)
    return error


def _merge_adjacent(damages: Iterable[Damage]) -> list[Damage]:
    """Damages by their place; those that touch are one."""
    merged: list[Damage] = []
    for damage in sorted(damages, key=lambda damage: damage.offset):
        last = merged[-1] if merged else None
        if last and last.offset + last.size == damage.offset and last.why == damage.why:
            merged[-1] = replace(last, size=last.size + damage.size)
        else:
            merged.append(damage)
    return merged
