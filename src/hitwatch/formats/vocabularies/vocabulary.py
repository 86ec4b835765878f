"""One server's words for what it logs, and how a string of them is compiled; knows no server.

A vocabulary is a table: what each directive fills, under the server's own spelling. Servers
that borrow Apache's letters give some of them another meaning (Jetty's ``%a`` is the server's
address, Tomcat's ``%I`` a thread), so no string is ever compiled with another server's table.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch.errors import FormatError, did_you_mean, format_error_at
from hitwatch.formats.apache import CLIENT_SOURCES, NAMED_DIRECTIVES
from hitwatch.formats.apache_times import choose_times, time_directive
from hitwatch.formats.directives import (
    Directive,
    assign_columns,
    make_line,
    merge,
    snake,
)
from hitwatch.formats.fields import FIELDS, OWN_KINDS, Kind
from hitwatch.formats.format import Format

PERCENT = re.compile(
    r"%(?P<mods>!?[\d,]*[<>]?)(?:\{(?P<name>[^}]*)\}(?P<side>[<>]?))?(?P<letter>.)?", re.DOTALL
)
"""``%h``, ``%{NAME}i``, ``%>s``, ``%!404{NAME}i``: as in Apache's strings."""

_FREE_COLUMNS = ("user", "referrer", "user_agent", "forwarded_for", "content_type")
_FREE_KINDS = (Kind.REQUEST, Kind.TARGET, Kind.PATH, Kind.QUERY)
_UNESCAPED = (Kind.TIME, Kind.INTEGER, Kind.SECONDS, Kind.SKIP)


def fills(field_name: str, name: str, rank: int = 0) -> Directive:
    """A directive that fills a public column.

    Args:
        field_name: the field of format files that is read alike: ``duration_ms``.
        name: its own column where a better directive has the public one.
        rank: of several for one column the lowest counts.

    """
    spec = FIELDS[field_name]
    free = spec.kind in _FREE_KINDS or spec.column in _FREE_COLUMNS
    return Directive(name, spec, rank, free)


def own(name: str, kind: str = "text", *, free: bool = False) -> Directive:
    """A directive with a column of its own.

    Args:
        name: the column.
        kind: of its values, as format files name it: ``text``, ``integer``, ``milliseconds``.
        free: whether it may hold any text.

    """
    return Directive(name, replace(OWN_KINDS[kind], column=None), free=free)


class NamedDirective(Struct, frozen=True):
    """Directives that take a name, such as that of a header.

    Attributes:
        apache: Apache's letter for the same, whose names with public columns count here too.
        column: the column of all other names, ``{}`` for the name.

    """

    apache: str
    column: str


REQUEST_HEADER = NamedDirective("i", "{}")
RESPONSE_HEADER = NamedDirective("o", "response_{}")
ENVIRONMENT = NamedDirective("e", "env_{}")
"""Variables of the server's environment, or of a request's."""


class Vocabulary(Struct, frozen=True):
    """The directives of one server.

    Attributes:
        names: what users call it; the first is in the name of its formats.
        title: for people.
        source: where its directives are documented.
        directives: what each fills, by its spelling without what all have in front: ``h``,
            ``{ms}T``.
        named: the directives that take a name, by their letter.
        token: finds directives, in the groups ``letter`` (or ``word`` or ``short``) and, as far
            as the server has them, ``mods``, ``name`` and ``behind`` (a name that stands behind
            the letter).
        spelling: how a directive is written, ``{}`` for its spelling in ``directives``.
        percent: whether ``%%`` is a percent sign.
        strings: the strings that the server itself has names for.
        setting: finds a line of its configuration that holds a string, in any of its groups.
        escape: how the server escapes what clients sent.
        times: the directives that a time is written with; they may take a name.
        time_directive: the directive of a time for what stands between its braces.
        brackets: whether the server writes brackets around a time: around those in Apache's
            own format, around ``all``, or around ``none``.
        time_means: ``start`` or ``end``, where no directive says.
        wire: names of directives that count bytes with the header.
        prefixes: literal text that belongs to the value behind it, by spelling.
        nameless: letters whose name changes nothing.
        custom: column of directives that users may make, ``{}`` for their name.
        integer_units_since: as in ``Format``.
        hint: begins the hint on unknown directives.

    """

    names: tuple[str, ...]
    title: str
    source: str
    directives: Mapping[str, Directive]
    named: Mapping[str, NamedDirective] = field(default_factory=dict)
    token: re.Pattern[str] = PERCENT
    spelling: str = "%{}"
    percent: bool = True
    strings: Mapping[str, str] = field(default_factory=dict)
    setting: re.Pattern[str] | None = None
    escape: str = "backslash"
    times: tuple[str, ...] = ("t",)
    time_directive: Callable[[str], Directive] = time_directive
    brackets: str = "clf"
    time_means: str = "end"
    wire: tuple[str, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    nameless: tuple[str, ...] = ()
    custom: str | None = None
    integer_units_since: tuple[tuple[str, date], ...] = ()
    hint: str = ""

    def compile(self, text: str) -> Format:
        """Compile a string of this server.

        Args:
            text: the string, the name of one that the server has, or a setting that holds one.

        Raises:
            FormatError: a directive that the server does not have.

        """
        string = self.string_in(text)
        directives, after = _tokenize(self, string)
        if not directives:
            begin = self.spelling.partition("{")[0]
            raise FormatError(
                f"no directive of {self.title} in {string!r}",
                hint=f"its directives begin with {begin}",
            )
        sent = [directive.label for directive in directives if directive.spec.column == "bytes"]
        timed, means = choose_times(merge(directives, after))
        assigned = assign_columns(timed, CLIENT_SOURCES)
        wire = bool(sent) and all(label in self.wire for label in sent)
        return Format(
            name=f"{self.names[0]}-custom",
            title=f"{self.title}: {string}",
            lines=(make_line(assigned, after),),
            time_means=_time_meaning(self, string, directives, means),
            bytes_mean="wire" if wire else "body",
            source=self.source,
            server=self.title,
            integer_units_since=self.integer_units_since,
        )

    def string_in(self, text: str) -> str:
        """The string itself: of a setting what it sets, of a name the string that it names."""
        found = self.setting.search(text) if self.setting else None
        if found is None:
            string = _unescape(text.strip("\r\n"))
        else:
            set_to = next(group for group in found.groups() if group is not None)
            string = _unescape(html.unescape(_unquote(set_to.strip())))
        return self.strings.get(string.strip(), string)


def _time_meaning(
    vocabulary: Vocabulary, string: str, directives: Sequence[Directive], chosen: str
) -> str:
    """Start or end: as the string says it, else as the server takes its times."""
    tokens = vocabulary.token.finditer(string)
    begun = any((_name(match) or "").partition(":")[0] == "begin" for match in tokens)
    said = begun or any(directive.at_end for directive in directives)
    return chosen if said else vocabulary.time_means


def _unquote(text: str) -> str:
    """A text without the quotes around the whole of it."""
    whole = re.fullmatch(r"""(["'])(.*)\1;?""", text, re.DOTALL)
    return whole[2] if whole else text


def _unescape(text: str) -> str:
    """A string copied out of its quotes, with the escapes it needed there."""
    return re.sub(r"""\\(["'\\t])""", lambda m: "\t" if m[1] == "t" else m[1], text)


def _spelling(match: re.Match[str]) -> str:
    name, letter = _name(match), _letter(match) or ""
    return letter if name is None else f"{{{name}}}{letter}"


def _letter(match: re.Match[str]) -> str | None:
    return _first_group(match, "letter", "word", "short")


def _name(match: re.Match[str]) -> str | None:
    return _first_group(match, "name", "behind")


def _first_group(match: re.Match[str], *names: str) -> str | None:
    groups = match.groupdict()
    return next((groups[name] for name in names if groups.get(name) is not None), None)


def _tokenize(vocabulary: Vocabulary, string: str) -> tuple[list[Directive], str]:
    """The directives with the text before each, and the text behind the last."""
    directives: list[Directive] = []
    literal, end = "", 0
    for match in vocabulary.token.finditer(string):
        literal += string[end : match.start()]
        end = match.end()
        if vocabulary.percent and match[0] == "%%":
            literal += "%"
            continue
        directive = _parse_directive(vocabulary, match, string)
        prefix = vocabulary.prefixes.get(_spelling(match), "")
        after = ""
        if _has_brackets(vocabulary, match, directive):
            literal, after = f"{literal}[", "]"
        elif prefix and literal.endswith(prefix):
            literal = literal.removesuffix(prefix)
        elif prefix:
            directive = own(directive.name)
        directives.append(replace(directive, before=literal))
        literal = after
    return directives, (literal + string[end:]).rstrip("\r\n")


def _has_brackets(vocabulary: Vocabulary, match: re.Match[str], directive: Directive) -> bool:
    if vocabulary.brackets == "all":
        return _letter(match) in vocabulary.times
    return vocabulary.brackets == "clf" and directive.spec.time_format == "clf"


def _parse_directive(vocabulary: Vocabulary, match: re.Match[str], string: str) -> Directive:
    """What a directive fills."""
    mods = match.groupdict().get("mods") or ""
    known = _look_up(vocabulary, _letter(match), _name(match), mods)
    if known is None:
        raise format_error_at(
            f"unknown {vocabulary.title} directive {match[0]!r}",
            string,
            match.start(),
            _advice(vocabulary, match),
        )
    spec = known.spec
    if spec.kind not in _UNESCAPED and spec.escape is None:
        spec = replace(spec, escape=vocabulary.escape)
    digits = any(character.isdigit() for character in mods)
    limited = digits and vocabulary.token is PERCENT
    leading_blanks = digits and not limited
    return replace(
        known,
        spec=spec,
        label=_spelling(match),
        may_be_dash=limited,
        leading_blanks=leading_blanks and "0" not in mods[:1],
    )


def _look_up(
    vocabulary: Vocabulary, letter: str | None, name: str | None, mods: str
) -> Directive | None:
    if not letter:
        return None
    side = "".join(mod for mod in mods if mod in "<>")
    if letter in vocabulary.nameless:
        name = None
    spelled = f"{side}{letter}" if name is None else f"{side}{{{name.lower()}}}{letter}"
    for known in (spelled, f"{{{name}}}{letter}"):
        if known in vocabulary.directives and not (side and known != spelled):
            return vocabulary.directives[known]
    if letter in vocabulary.times and not side:
        return vocabulary.time_directive(name or "")
    family = vocabulary.named.get(letter)
    if family is None and vocabulary.custom and not _is_close(vocabulary, letter):
        return replace(own(vocabulary.custom.format(snake(letter))), free=True)
    if family is None or not name or side:
        return None
    public = NAMED_DIRECTIVES.get(f"{name.lower()} {family.apache}")
    return replace(public or own(family.column.format(snake(name))), free=True)


def _is_close(vocabulary: Vocabulary, letter: str) -> bool:
    known = [*vocabulary.directives, *vocabulary.named, *vocabulary.times]
    return bool(get_close_matches(letter, known, n=1, cutoff=0.8))


def _advice(vocabulary: Vocabulary, match: re.Match[str]) -> str:
    """What was probably meant."""
    letter, name = _letter(match), _name(match)
    if letter is None or letter == "{":
        return "unclosed brace" if letter else "incomplete directive"
    bare = (match.groupdict().get("mods") or "").strip("<>")
    side = "<" in match[0] or ">" in match[0]
    if side and letter in vocabulary.directives and not bare:
        return f"did you mean {vocabulary.spelling.format(letter)}?"
    if letter in vocabulary.named and not name:
        return f"it takes a name: {vocabulary.spelling.format('{NAME}' + letter)}"
    meant = [
        spelled
        for spelled in (letter, letter.swapcase())
        if spelled in vocabulary.directives or spelled in vocabulary.times
    ]
    if meant and match[0] != vocabulary.spelling.format(meant[0]):
        return f"did you mean {vocabulary.spelling.format(meant[0])}?"
    known = [*vocabulary.directives, *vocabulary.times]
    advice = did_you_mean(_spelling(match), known, vocabulary.spelling.format)
    return advice or f"{vocabulary.hint}see {vocabulary.source}"
