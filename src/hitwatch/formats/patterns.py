"""Regular expressions of the user's own, whose named groups are the fields of a line.

``~(?P<client>\\S+) \\[(?P<time>[^\\]]+)\\] "(?P<request>[^"]*)" (?P<tier__text>\\S+)``

A group has the name of a known field, or a name of its own with a kind behind two underscores.
The expression matches from the beginning of a line; what is behind it is not looked at, unless
it ends with ``$``. It works on bytes, in time that grows with the line alone: there is no
look-around and no back-reference (https://docs.rs/regex/latest/regex/#syntax).
"""

from __future__ import annotations

from collections.abc import Mapping

from hitwatch import _kernel
from hitwatch.errors import FormatError, did_you_mean, point_at
from hitwatch.formats.fields import FIELDS, OWN_KINDS, FieldSpec
from hitwatch.formats.format import Format, Key, Layout
from hitwatch.formats.template import field_spec


def pattern_format(pattern: str) -> Format:
    """Make a format of a regular expression.

    Args:
        pattern: the expression, without the ``~`` in front of it.

    Raises:
        FormatError: it is invalid, has no named group, or one with an unknown name.

    """
    return Format(
        name="pattern",
        title="A regular expression of your own",
        layout=Layout.REGEX,
        pattern=pattern,
        keys=pattern_keys(pattern),
        escape="none",
        time_format="any",
    )


def pattern_keys(
    pattern: str, *, where: str = "", overrides: Mapping[str, FieldSpec] | None = None
) -> tuple[Key, ...]:
    """The fields that a regular expression's groups name.

    Args:
        pattern: the expression.
        where: what to name in errors.
        overrides: specs that take precedence over those of ``FIELDS``, by field name.

    Raises:
        FormatError: as ``pattern_format``.

    """
    wrong = _kernel.pattern_error(pattern)
    if wrong is not None:
        what, offset = wrong
        at = len(pattern.encode()[:offset].decode("utf-8", "replace"))
        advice = (
            "name what you want with (?P<name>...) and let the rest be matched: lines are"
            " read in linear time"
            if "look-around" in what or "backreference" in what
            else ""
        )
        raise FormatError(
            f"invalid regular expression: {what}",
            where=where,
            hint=point_at(pattern, at, advice),
        )
    names = _kernel.pattern_groups(pattern)
    if not names:
        raise FormatError(
            "the regular expression has no named group",
            where=where,
            hint=f"name groups: (?P<client>\\S+); known fields: {', '.join(sorted(FIELDS))}",
        )
    return tuple(_key(name, pattern, where, overrides or {}) for name in names)


def _key(group: str, pattern: str, where: str, overrides: Mapping[str, FieldSpec]) -> Key:
    name, parted, kind = group.rpartition("__")
    if not parted:
        name, kind = group, ""
    if (kind and kind not in OWN_KINDS) or (not kind and name not in FIELDS):
        advice = (
            did_you_mean(kind, list(OWN_KINDS)) or f"known kinds: {', '.join(OWN_KINDS)}"
            if kind
            else did_you_mean(name, list(FIELDS))
        )
        at = pattern.find(f"<{group}>") + 1
        what = f"unknown kind {kind!r} of field {name!r}" if kind else f"unknown field {name!r}"
        own_name = f"{';' if advice else ''} give a field of your own a kind: (?P<{name}__text>...)"
        raise FormatError(
            what, where=where, hint=point_at(pattern, at, (advice + own_name).strip())
        )
    return Key((group,), name, overrides.get(name) or field_spec(name, kind or None, where))
