"""Formats made ready for the kernel; opens no files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from hitwatch.formats.fields import FieldSpec, Kind
from hitwatch.formats.format import Field, Format, Key, Layout, Line, Quotes, normalize_key
from hitwatch.formats.times import time_items

MIN_IDENTIFYING_KEYS = 2
"""How many of a format's identifying keys must stand on a line."""


def compile_layouts(log_format: Format) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The layouts of all parts, and the fields that they share."""
    layouts: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for part in log_format.parts or (log_format,):
        first = len(fields)
        positional = part.layout in (Layout.POSITIONAL, Layout.W3C)
        layouts.append(
            {
                "layout": "positional" if positional else part.layout.value,
                "lines": _lines(part, first),
                "keys": key_tree(part, first),
                "normalized_keys": part.normalized_keys,
                "required": _required(part, first),
                "told_by": MIN_IDENTIFYING_KEYS if part.identifying_keys else 0,
                "pattern": part.pattern,
                "groups": _groups(part, first),
            }
        )
        fields += _fields(part, first)
    return layouts, fields


_EXPECTED = {
    "client": "an address or host name",
    "host": "a host name",
    "user": "a user name",
    "virtual_host": "a host name",
    "status": "a status of three digits",
}
"""What the values of checked fields must be, for people."""


def field_wordings(log_format: Format) -> list[tuple[str, str, str, str]]:
    """Of each field its name, what stands before it and after it, and what it should be."""
    if log_format.parts:
        return [words for part in log_format.parts for words in field_wordings(part)]
    words = [
        (field.name, field.before, until, _EXPECTED.get(field.spec.check or "", ""))
        for line in log_format.lines
        for field, until in zip(line.fields, _terminators(line), strict=True)
    ]
    return [*words, *((key.spec.column or key.name, "", "", "") for key in log_format.keys)]


def _terminators(line: Line) -> list[str]:
    return [*(field.before for field in line.fields[1:]), line.after]


def _lines(log_format: Format, first: int) -> list[dict[str, Any]]:
    lines = []
    for line in log_format.lines:
        end = first + len(line.fields)
        prefix = line.fields[0].before if line.fields else line.after
        lines.append(
            {
                "prefix": prefix.encode(),
                "first": first,
                "end": end,
                "ignore_rest": line.ignore_rest,
                "counted": _delimiters(line),
            }
        )
        first = end
    return lines


def _delimiters(line: Line) -> tuple[bytes, int, bool, bool] | None:
    delimited = line.delimited
    if delimited is None:
        return None
    return delimited.separators.encode(), delimited.least, delimited.open, delimited.quotes


def _fields(log_format: Format, first: int) -> list[dict[str, Any]]:
    positional = [
        _compile_field(field, until, end, log_format)
        for line in log_format.lines
        for field, until, end in zip(
            line.fields,
            _terminators(line),
            [*(f.or_end for f in line.fields[1:]), None],
            strict=True,
        )
    ]
    groups: dict[str, int] = {}
    by_key = [_compile_key(key, groups, log_format) for key in log_format.keys]
    for place, (key, other) in enumerate(pairwise(log_format.keys), 1):
        if (key.scope, key.path) == (other.scope, other.path):
            by_key[place - 1]["otherwise"] = (first + len(positional) + place, 2 * place + 2)
    return positional + by_key


def _compile_field(field: Field, until: str, end: str | None, log_format: Format) -> dict[str, Any]:
    spec = field.spec
    time_format = spec.time_format or log_format.time_format
    holds_end = spec.kind is Kind.TIME and bool(until) and until[0] in _literals(time_format)
    escape = log_format.escape_of(field)
    # A server that does not escape leaves quotes inside quotes.
    unescaped = field.quotes is Quotes.ALWAYS and escape in ("none", "hash")
    if spec.check == "user" and field.quotes is Quotes.ALWAYS:
        # What quotes mark off may hold blanks.
        spec = replace(spec, check=None)
    return _compile_spec(spec, log_format) | {
        "group": 0,
        "otherwise": None,
        "until": until.encode(),
        "end": None if end is None else end.encode(),
        "quotes": field.quotes.value,
        "greedy": field.greedy or holds_end or unescaped,
        "leading_blanks": field.leading_blanks,
        "glued": log_format.glued and field.quotes is Quotes.OPTIONAL and until == " ",
        "escape": escape,
    }


def _compile_key(key: Key, groups: dict[str, int], log_format: Format) -> dict[str, Any]:
    group = groups.setdefault(key.spec.column or key.name, len(groups))
    # What names or quotes mark off may hold blanks.
    free = key.spec.check in ("user", "forwarded")
    spec = replace(key.spec, check=None) if free else key.spec
    return _compile_spec(spec, log_format) | {
        "group": group,
        "otherwise": None,
        "until": b"",
        "end": None,
        "quotes": "never",
        "greedy": False,
        "leading_blanks": False,
        "glued": False,
        "escape": key.spec.escape or (log_format.escape if log_format.pattern else "none"),
    }


def _compile_spec(spec: FieldSpec, log_format: Format) -> dict[str, Any]:
    time_format = spec.time_format or log_format.time_format
    return {
        "kind": spec.kind.value,
        "column": spec.column,
        "port_column": spec.port_column,
        "dash_is_zero": spec.dash_is_zero,
        "per_second": spec.per_second,
        "by_point": spec.by_point,
        "forbids": None if spec.forbids is None else ord(spec.forbids),
        "list": spec.listed,
        "check": spec.check or "",
        "lenient": spec.lenient,
        "shared": spec.shared,
        "spare": spec.spare,
        "time_format": time_items(time_format) if spec.kind is Kind.TIME else [],
    }


def _literals(time_format: str) -> str:
    """Literal characters that a time format writes."""
    if time_format in ("clf", "iso", "any"):
        return " "
    return "".join(chr(int(n)) for name, n in time_items(time_format) if name == "literal")


_Value = tuple[int, int]
_Node = dict[bytes, tuple[_Value | None, int | None, int]]


def key_tree(log_format: Format, first: int) -> list[_Node]:
    """The names as a tree.

    Of each node by name: the field with its rank, the node below, the bit of an identifying key.
    What stands in the scope it belongs to goes before what stands outside.
    """
    nodes: list[_Node] = [{}]

    def insert(
        node: int, path: Sequence[str], value: _Value | None, below: int | None, bit: int = 0
    ) -> None:
        for name in path[:-1]:
            known = nodes[node].get(_key_bytes(name, log_format), (None, None, 0))
            inner = known[1]
            if inner is None:
                nodes.append({})
                inner = len(nodes) - 1
                nodes[node][_key_bytes(name, log_format)] = (known[0], inner, known[2])
            node = inner
        last = _key_bytes(path[-1], log_format)
        had, inner, bits = nodes[node].get(last, (None, None, 0))
        # The first of several readings of one name counts.
        nodes[node][last] = (had or value, below if inner is None else inner, bits | bit)

    for name in log_format.flattened:
        insert(0, [name], None, 0)
    for scope in log_format.scopes:
        nodes.append({})
        inside = len(nodes) - 1
        for name in scope.objects:
            insert(0, [name], None, inside)
        own = [at for at, key in enumerate(log_format.keys) if key.scope == scope.name]
        for rank in own:
            insert(inside, log_format.keys[rank].path[1:], (first + rank, 2 * rank + 1), None)
        for rank, key in enumerate(log_format.keys):
            about = key.spec.column or key.spec.kind.value
            if not key.scope and about in scope.columns:
                insert(inside, key.path, (first + rank, 2 * rank + 1), None)
    for rank, key in enumerate(log_format.keys):
        if not key.scope:
            insert(0, key.path, (first + rank, 2 * rank + 2), None)
    for number, name in enumerate(log_format.identifying_keys):
        insert(0, name.split("."), None, None, 1 << number)
    return nodes


def _groups(log_format: Format, first: int) -> list[tuple[str, int]]:
    """The groups of a pattern, and the field that each is."""
    if log_format.layout is not Layout.REGEX:
        return []
    return [(key.path[0], place) for place, key in enumerate(log_format.keys, first)]


def _key_bytes(name: str, log_format: Format) -> bytes:
    if not log_format.normalized_keys:
        return name.encode()
    return normalize_key(name).encode()


def _required(log_format: Format, first: int) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, key in enumerate(log_format.keys, first):
        places.setdefault(key.spec.column or key.name, []).append(place)
    return [
        [place for name in group.split("|") for place in places.get(name, ())]
        for group in log_format.required
    ]
