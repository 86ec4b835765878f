"""Format files, which are TOML.

Where values stand in a fixed order, ``line`` is a template of the line (``template.py``);
``lines`` in its place lists several, of which the first that fits counts. ``optional`` lists
templates of what may follow the line, each only after the one before it.

Where ``layout`` is ``regex``, ``pattern`` is a regular expression whose named groups are the
fields (``patterns.py``).

Where values stand under names, ``keys`` maps the names to fields, nested names with points.
Of several names for one column the first that has a value counts; ``"duration_s|time"`` is
read as a time where it is not a duration.

- ``identifying_keys`` lists names of which two must stand on a line: they identify a product.
- ``scopes`` names objects that hold what belongs to the request, or to the response: ``names``
  of the object, the ``columns`` that are looked for in it, and its own ``keys``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hitwatch.errors import FormatError, did_you_mean, suggest
from hitwatch.formats.fields import FIELDS, FieldSpec
from hitwatch.formats.format import Format, Key, Layout, Line, Scope
from hitwatch.formats.template import field_spec, parse_template

_ESCAPES = ("none", "backslash", "doubled", "json", "percent", "plus", "hash")


def read_format(text: str, *, where: str) -> Format:
    """Read a format file.

    Args:
        text: its TOML.
        where: its name, for errors.

    Raises:
        FormatError: the file is not TOML, lacks a key, or has an unknown one.

    """
    # Parsing the samples takes half of the time, and few callers ask for them.
    samples_start = _SAMPLES.search(text)
    head, samples = text, ""
    if samples_start:
        head, samples = text[: samples_start.start()], text[samples_start.start() :]
    try:
        table = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise FormatError("invalid TOML", where=where, why=str(error)) from error
    if samples:
        table["samples"] = ()
    _check(table, where)
    layout = Layout(table.get("layout", "positional"))
    overrides = _escape_overrides(table.get("escapes", {}), where)
    return Format(
        name=table["name"],
        title=table["title"],
        aliases=tuple(table.get("aliases", ())),
        layout=layout,
        lines=read_lines(table, overrides, where),
        keys=_read_keys(table, layout, overrides, where),
        pattern=table.get("pattern", ""),
        normalized_keys=table.get("normalized_keys", False),
        flattened=tuple(table.get("flattened", ())),
        scopes=tuple(
            Scope(name, tuple(scope["names"]), tuple(scope.get("columns", ())))
            for name, scope in table.get("scopes", {}).items()
        ),
        identifying_keys=tuple(table.get("identifying_keys", ())),
        required=tuple(table.get("required", ())),
        escape=table.get("escape", "backslash"),
        time_format=table.get("time_format", "clf" if layout is Layout.POSITIONAL else "any"),
        time_means=table.get("time_means", "end"),
        bytes_mean=table.get("bytes_mean", "body"),
        directives=tuple(table.get("directives", ())),
        widespread=table.get("widespread", False),
        glued=table.get("glued", False),
        sample_text=samples,
        source=table["source"],
        evidence=table.get("evidence", ""),
        server=table.get("server", ""),
        versions=table.get("versions", ""),
        notes=table.get("notes", ""),
        host_in_target=table.get("host_in_target", False),
        integer_units_since=tuple(table.get("integer_units_since", {}).items()),
    )


def _escape_overrides(escapes: Mapping[str, str], where: str) -> dict[str, FieldSpec]:
    """Specs of the fields that are escaped in another way than the format says, by name."""
    return {
        name: replace(field_spec(name, None if name in FIELDS else "text", where), escape=escape)
        for name, escape in escapes.items()
    }


def _read_keys(
    table: Mapping[str, Any], layout: Layout, overrides: Mapping[str, FieldSpec], where: str
) -> tuple[Key, ...]:
    """The names that have values under them: of ``keys``, of each scope, of a pattern's groups."""
    if layout is Layout.REGEX:
        # The module for expressions is loaded when one is given.
        from hitwatch.formats.patterns import pattern_keys

        return pattern_keys(table["pattern"], where=where, overrides=overrides)
    keys = [
        replace(key, spec=overrides.get(key.name, key.spec))
        for key in _read_key_table(table.get("keys", {}), where)
    ]
    keys += [
        replace(key, scope=name, path=(scope["names"][0], *key.path))
        for name, scope in table.get("scopes", {}).items()
        for key in _read_key_table(scope.get("keys", {}), where)
    ]
    return tuple(keys)


def _read_key_table(table: Mapping[str, str], where: str) -> list[Key]:
    """The names of a table; of several fields for one name the first that fits counts."""
    return [
        read_key(path, field_name, where)
        for path, field_names in table.items()
        for field_name in field_names.split("|")
    ]


def read_key(path: str, field_name: str, where: str) -> Key:
    """Read one name and what stands under it: ``request.uri`` and ``target``.

    Raises:
        FormatError: the field is not known.

    """
    name, _, kind = field_name.partition(":")
    return Key(tuple(path.split(".")), name, field_spec(name, kind or None, where))


def read_lines(
    table: Mapping[str, Any], overrides: Mapping[str, FieldSpec], where: str
) -> tuple[Line, ...]:
    """Read the ways to write a line: ``line`` or ``lines``, and what is ``optional`` behind.

    Args:
        table: of a format file.
        overrides: specs that take precedence over those of ``FIELDS``, by field name.
        where: what to name in errors.

    Raises:
        FormatError: as ``parse_template``.

    """
    templates = table.get("lines", [table["line"]] if "line" in table else [])
    ignore_rest = table.get("ignore_rest", False)
    tails = [
        parse_template(tail, where=where, overrides=overrides) for tail in table.get("optional", ())
    ]
    lines = []
    for template in templates:
        line = parse_template(template, where=where, overrides=overrides, ignore_rest=ignore_rest)
        for tail in tails:
            # What ends the line so far stands in front of the fields that may follow.
            first, *others = tail.fields
            joint = replace(first, before=line.after + first.before, or_end=line.after)
            line = Line((*line.fields, joint, *others), tail.after, ignore_rest)
        lines.append(line)
    return tuple(lines)


_SAMPLES = re.compile(r"^[ \t]*\[\[samples\]\]", re.MULTILINE)
_REQUIRED = {"name", "title", "source", "samples"}
_ALLOWED = _REQUIRED | {
    "layout",
    "line",
    "lines",
    "keys",
    "pattern",
    "normalized_keys",
    "flattened",
    "scopes",
    "identifying_keys",
    "required",
    "aliases",
    "optional",
    "escape",
    "escapes",
    "time_format",
    "time_means",
    "bytes_mean",
    "directives",
    "widespread",
    "glued",
    "ignore_rest",
    "evidence",
    "server",
    "versions",
    "notes",
    "host_in_target",
    "integer_units_since",
}


def _check(table: Mapping[str, Any], where: str) -> None:
    missing, unknown = _REQUIRED - table.keys(), table.keys() - _ALLOWED
    if not table.keys() & {"line", "lines", "keys", "layout"}:
        missing = missing | {"line"}
    if missing or unknown:
        allowed = sorted(_ALLOWED)
        advice = did_you_mean(min(unknown), allowed) if unknown and not missing else ""
        raise FormatError(
            f"missing {', '.join(sorted(missing))}" if missing else f"unknown key {min(unknown)!r}",
            where=where,
            hint=advice or f"a format has the keys {', '.join(allowed)}",
        )
    for escape in (table.get("escape", "backslash"), *table.get("escapes", {}).values()):
        if escape not in _ESCAPES:
            raise FormatError(
                f"unknown escape {escape!r}",
                where=where,
                hint=suggest(str(escape), _ESCAPES),
            )
    for name, inside in table.get("scopes", {}).items():
        if not isinstance(inside, dict) or not inside.get("names"):
            raise FormatError(f"scope {name!r} has no names", where=where)
    layouts = [layout.value for layout in Layout]
    if table.get("layout", "positional") not in layouts:
        raise FormatError(
            f"unknown layout {table['layout']!r}",
            where=where,
            hint=suggest(str(table["layout"]), layouts),
        )
    if (table.get("layout") == Layout.REGEX.value) != ("pattern" in table):
        raise FormatError(
            "pattern and layout = 'regex' require each other",
            where=where,
            hint="write both, or a line with fields in braces",
        )
