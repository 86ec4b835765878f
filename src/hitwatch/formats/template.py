"""Line templates: literal text with fields in braces, as ``line`` of a format file has them.

``{client} {ident} {user} [{time}] "{request}" {status}``

- A field between double quotes may hold the server's escapes.
- ``{"referrer"}`` is quoted or not, as the value needs.
- ``{client*}`` may hold the text that ends it: of the places where it could end, the first
  counts behind which the rest of the line fits.
- Two blanks stand for any number of them; ``{{`` and ``}}`` are braces of the line itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from msgspec.structs import replace

from hitwatch.errors import FormatError, suggest
from hitwatch.formats.fields import FIELDS, OWN_KINDS, FieldSpec
from hitwatch.formats.format import Field, Line, Quotes

_PLACEHOLDER = re.compile(r'\{\{|\}\}|\{("?)([a-z][a-z_0-9]*)(?::([a-z]+))?(\*?)\1\}')


def parse_template(
    line: str,
    *,
    where: str,
    overrides: Mapping[str, FieldSpec] | None = None,
    ignore_rest: bool = False,
) -> Line:
    """Parse a line template.

    Args:
        line: literal text with fields in braces.
        where: what to name in errors.
        overrides: specs that take precedence over those of ``FIELDS``, by field name.
        ignore_rest: whether text behind the last field is left unread.

    Raises:
        FormatError: a field has no known name and no kind, or the braces do not match.

    """
    fields: list[Field] = []
    end, literal = 0, ""
    for match in _PLACEHOLDER.finditer(line):
        literal += _literal(line[end : match.start()], where)
        end = match.end()
        if match[0] in ("{{", "}}"):
            literal += match[0][0]
            continue
        quotes = Quotes.OPTIONAL if match[1] else Quotes.NEVER
        leading_blanks = literal.endswith("  ")
        before = literal.rstrip(" ") + " " if leading_blanks else literal
        spec = (overrides or {}).get(match[2]) or field_spec(match[2], match[3], where)
        greedy = bool(match[4])
        fields.append(Field(match[2], spec, before, None, quotes, greedy, leading_blanks))
        literal = ""
    return assemble_line(fields, literal + _literal(line[end:], where), ignore_rest=ignore_rest)


def assemble_line(fields: Sequence[Field], after: str, *, ignore_rest: bool = False) -> Line:
    """Make a line of its fields: those between literal quotes are marked as quoted."""
    followers = [*(item.before for item in fields[1:]), after]
    return Line(
        tuple(
            replace(item, quotes=Quotes.ALWAYS)
            if item.before.endswith('"') and follower.startswith('"')
            else item
            for item, follower in zip(fields, followers, strict=True)
        ),
        after,
        ignore_rest,
    )


def _literal(text: str, where: str) -> str:
    if "{" in text or "}" in text:
        raise FormatError(
            f"unmatched brace in {text!r}",
            where=where,
            hint="write {{ or }} for a brace of the line itself",
        )
    return text


def field_spec(name: str, kind: str | None, where: str) -> FieldSpec:
    """How a field is read, by its name, or by its kind where the name is its own.

    Raises:
        FormatError: the name or the kind is not known.

    """
    if kind is None:
        if name in FIELDS:
            return FIELDS[name]
        raise FormatError(
            f"unknown field {name!r}",
            where=where,
            hint=f"{suggest(name, sorted(FIELDS), 'known fields')}; or give it a kind:"
            f" {{{name}:text}}",
        )
    if kind not in OWN_KINDS:
        raise FormatError(
            f"unknown kind {kind!r} of field {name!r}",
            where=where,
            hint=suggest(kind, list(OWN_KINDS), "known kinds"),
        )
    return _own_spec(name, kind)


@cache
def _own_spec(name: str, kind: str) -> FieldSpec:
    return replace(OWN_KINDS[kind], column=name)
