"""What a log itself calls its values: the names in its lines; reads them as the kernel does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hitwatch.formats.compile import key_tree
from hitwatch.formats.format import Format, Layout, normalize_key
from hitwatch.patterns import Pattern

_LOGFMT = Pattern(r'([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')
_DEEPEST = 16

Found = tuple[int, int, str]
"""Index of a key of the format, its rank, and the name as it stands in the line."""


def find_labels(log_format: Format, lines: bytes) -> dict[int, str]:
    """Names under which lines have the values that fill columns.

    Args:
        log_format: of named values; of another layout there are none.
        lines: whole lines, without what carries them.

    Returns:
        By index of the format's keys the name as most lines spell it, with points between
        those of nested objects. Of several keys for one column only that is there whose value
        was taken.

    """
    spellings: dict[int, Counter[str]] = {}
    nodes = key_tree(log_format, 0)
    for line in lines.decode("utf-8", "replace").splitlines():
        best: dict[str, Found] = {}
        for index, rank, name in _walk_names(line, log_format, nodes):
            key = log_format.keys[index]
            column = key.spec.column or key.name
            if column not in best or rank < best[column][1]:
                best[column] = (index, rank, name)
        for index, _, name in best.values():
            spellings.setdefault(index, Counter())[name] += 1
    return {index: counts.most_common(1)[0][0] for index, counts in spellings.items()}


def _walk_names(
    line: str, log_format: Format, nodes: Sequence[Mapping[bytes, Any]]
) -> Iterator[Found]:
    match log_format.layout:
        case Layout.JSON:
            # Lines that are no objects need no JSON.
            import json

            try:
                values = json.loads(line)
            except (ValueError, RecursionError):
                return
            yield from _walk_object(values, log_format, nodes, 0, ())
        case Layout.LOGFMT:
            logfmt = {m[1]: m[2] or m[3] for m in _LOGFMT.finditer(line)}
            yield from _walk_object(logfmt, log_format, nodes, 0, ())
        case Layout.LTSV:
            cut = (item.partition(":") for item in line.split("\t"))
            ltsv = {name: value for name, _, value in cut}
            yield from _walk_object(ltsv, log_format, nodes, 0, ())
        case _:
            return


def _walk_object(
    values: object,
    log_format: Format,
    nodes: Sequence[Mapping[bytes, Any]],
    node: int,
    around: tuple[str, ...],
) -> Iterator[Found]:
    """Names of an object that the format knows, and of the objects in it."""
    if not isinstance(values, dict) or len(around) > _DEEPEST:
        return
    for name, value in values.items():
        plain = normalize_key(name) if log_format.normalized_keys else name
        known, below, _ = nodes[node].get(plain.encode(), (None, None, 0))
        path = (*around, name)
        if isinstance(value, dict) and below is not None:
            yield from _walk_object(value, log_format, nodes, below, path)
            continue
        first = next(iter(value), None) if isinstance(value, list) else value
        if known is not None and first not in (None, "", "-") and not isinstance(first, dict):
            yield known[0], known[1], ".".join(path)
