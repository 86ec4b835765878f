"""What the format strings of Apache and nginx have in common: variables between literal text.

A string may tell one thing twice, such as the client's address and its host name. The better
one fills the public column, the other a column of its own. Reads no server's syntax.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from hitwatch.errors import FormatError
from hitwatch.formats.columns import BY_NAME
from hitwatch.formats.fields import FIELDS, REQUEST_KINDS, FieldSpec, Kind
from hitwatch.formats.format import Field, Line, Quotes, placed

_TEXT = FieldSpec(Kind.TEXT)
_TAKEN = frozenset({*BY_NAME, "line_number"})
_MARGIN = 40


@dataclass(frozen=True, slots=True)
class Directive:
    """A variable of a format string.

    Attributes:
        name: the column it fills where no public one is left for it.
        spec: how its text is read, with the public column.
        rank: of several for one column the lowest counts, then the first.
        free: whether it may hold any text, also the text that ends it.
        before: the literal text in front of it.
        told: what the server calls it, for errors and help.
        may_be_dash: whether the server writes ``-`` in place of it for some answers.
        at_end: whether it is a time at which the request had been answered.
        leading_blanks: whether blanks may stand before it, as its width needs them.

    """

    name: str
    spec: FieldSpec
    rank: int = 0
    free: bool = False
    before: str = ""
    told: str = ""
    may_be_dash: bool = False
    at_end: bool = False
    leading_blanks: bool = False

    @property
    def slot(self) -> str | None:
        """What there can be only one of in a line."""
        kind = self.spec.kind
        if kind is Kind.PATH:
            return Kind.TARGET.value
        return kind.value if kind in REQUEST_KINDS else self.spec.column


def assign_columns(pieces: Sequence[Directive]) -> list[Directive]:
    """Give every public column to one piece, and all others columns of their own.

    Where the server writes ``-`` for some answers in place of the best piece, or the same text
    stands twice, the next one fills the column for lines in which the best has no value.
    """
    best: dict[str, int] = {}
    for index, directive in sorted(enumerate(pieces), key=lambda item: item[1].rank):
        if directive.slot is not None and directive.spec.kind is not Kind.TIME:
            best.setdefault(directive.slot, index)
    _drop_told_twice(best, pieces)
    shared = _shared(best, pieces)
    names: set[str] = set(_TAKEN)
    settled = []
    for index, directive in enumerate(pieces):
        if directive.spec.kind in (Kind.SKIP, Kind.TIME):
            settled.append(directive)
        elif index in shared:
            settled.append(shared[index])
        elif best.get(directive.slot or "", -1) == index:
            settled.append(directive)
        else:
            settled.append(_owned(directive, names))
    return settled


def _shared(best: dict[str, int], pieces: Sequence[Directive]) -> dict[int, Directive]:
    """The pieces that fill one column together, by their index."""
    shared: dict[int, Directive] = {}
    for slot, chosen in best.items():
        first = pieces[chosen]
        group = [chosen]
        for index, directive in sorted(enumerate(pieces), key=lambda item: item[1].rank):
            same = directive.slot == slot and directive.spec.kind is first.spec.kind
            twice = directive.name == first.name and directive.spec.kind is Kind.TEXT
            gaps = all(pieces[other].may_be_dash for other in group)
            if index != chosen and same and (gaps or twice):
                group.append(index)
        if len(group) == 1:
            continue
        # That all of them have a dash is known at the last one.
        zero = any(pieces[index].spec.dash_is_zero for index in group)
        for index in group:
            spec = replace(
                pieces[index].spec,
                shared=True,
                spare=index != chosen,
                dash_is_zero=zero and index == max(group),
            )
            shared[index] = replace(pieces[index], spec=spec)
    return shared


def _drop_told_twice(best: dict[str, int], pieces: Sequence[Directive]) -> None:
    """A whole request tells its parts, and a target its query."""
    request = best.get(Kind.REQUEST.value)
    if request is not None and not pieces[request].may_be_dash:
        for kind in REQUEST_KINDS:
            if kind is not Kind.REQUEST:
                best.pop(kind.value, None)
    target = best.get(Kind.TARGET.value)
    if target is not None and pieces[target].spec.kind is Kind.TARGET:
        best.pop(Kind.QUERY.value, None)


def _owned(directive: Directive, names: set[str]) -> Directive:
    name, count = directive.name, 1
    if name in _TAKEN:
        name = f"{name}_logged"
    while name in names:
        count += 1
        name = f"{directive.name}_{count}"
    names.add(name)
    kept = directive.spec.kind in (Kind.TEXT, Kind.INTEGER, Kind.SECONDS)
    spec = directive.spec if kept else replace(_TEXT, escape=directive.spec.escape)
    # A list that is no longer the client's is worth having whole.
    listed = spec.listed and spec.kind is Kind.SECONDS
    return replace(directive, spec=replace(spec, column=name, listed=listed))


def as_text(directive: Directive) -> Directive:
    """The same piece, read as the text that it is."""
    return replace(directive, spec=replace(_TEXT, escape=directive.spec.escape), free=True)


def infer_client(pieces: Sequence[Directive], lenders: Sequence[str]) -> list[Directive]:
    """Where no piece is the client's address, take it from what proxies say of it.

    Args:
        pieces: all of the line.
        lenders: names of pieces that may tell the client, the best first; of a list in one
            the first counts.

    """
    if any(directive.spec.column == "client" for directive in pieces):
        return list(pieces)
    for name in lenders:
        for index, directive in enumerate(pieces):
            if directive.name == name:
                spec = FIELDS["client_header"]
                return [
                    *pieces[:index],
                    replace(directive, spec=spec, free=True),
                    *pieces[index + 1 :],
                ]
    return list(pieces)


def merge(pieces: Sequence[Directive], after: str) -> list[Directive]:
    """Make one piece of several that only together say something, or that nothing parts.

    ``%m %U%q %H`` is a request line, and so is ``$request_method $request_uri
    $server_protocol``; ``$uri$is_args$args`` is a target.
    """
    merged: list[Directive] = []
    for directive in pieces:
        if merged and not directive.before:
            merged[-1] = _joined(merged[-1], directive)
        else:
            merged.append(directive)
    return _requests(_urls(merged), after)


def _joined(left: Directive, right: Directive) -> Directive:
    """Two pieces without any text between them."""
    kinds = (left.spec.kind, right.spec.kind)
    if kinds == (Kind.TIME, Kind.TIME) and left.at_end == right.at_end:
        formats = [
            "%s" if text == "epoch:s" else text
            for text in (left.spec.time_format, right.spec.time_format)
        ]
        if all(text and "%" in text for text in formats):
            text = "".join(text or "" for text in formats)
            # A count of seconds would take the digits of the fraction behind it.
            text = {"%s%L": "epoch:ms", "%s%f": "epoch:us"}.get(text, text)
            return replace(left, spec=replace(left.spec, time_format=text), free=True)
    name = f"{left.name}_{right.name}"
    if kinds in ((Kind.PATH, Kind.QUERY), (Kind.PATH, Kind.SKIP)):
        # What parts a path from its query belongs to neither.
        kind = Kind.TARGET if kinds[1] is Kind.QUERY else Kind.PATH
        return replace(left, name=left.name, spec=replace(left.spec, kind=kind), free=True)
    if left.spec.column == "host" and kinds[1] in (Kind.TARGET, Kind.PATH):
        return replace(right, name=name, before=left.before, rank=right.rank + 5, free=True)
    return replace(as_text(left), name=name, told=left.told + right.told)


def _urls(pieces: Sequence[Directive]) -> list[Directive]:
    """Take a scheme and what follows it as the absolute target that they are."""
    result: list[Directive] = []
    for directive in pieces:
        scheme = result[-1] if result else None
        target = directive.spec.kind in (Kind.TARGET, Kind.PATH)
        if scheme and scheme.spec.column == "scheme" and target and directive.before == "://":
            result[-1] = replace(directive, before=scheme.before, name="request_url")
        else:
            result.append(directive)
    return result


def _requests(pieces: list[Directive], after: str) -> list[Directive]:
    """Replace method, target and protocol in a row by the request line they are."""
    kinds = [directive.spec.kind for directive in pieces]
    enders = [*(directive.before for directive in pieces[1:]), after]
    has_query = Kind.QUERY in kinds
    for index, kind in enumerate(kinds[:-2]):
        middle = kinds[index + 1]
        line = (
            kind is Kind.METHOD
            and middle in (Kind.TARGET, Kind.PATH, Kind.REQUEST)
            and kinds[index + 2] is Kind.PROTOCOL
            and enders[index] == enders[index + 1] == " "
            and not (middle is Kind.PATH and has_query)
        )
        if line:
            first = pieces[index]
            spec = FieldSpec(Kind.REQUEST, escape=first.spec.escape)
            whole = replace(first, name="request_line", spec=spec, free=True)
            return [*pieces[:index], whole, *pieces[index + 3 :]]
    return pieces


def line_of(pieces: Sequence[Directive], after: str) -> Line:
    """Make a line of settled pieces.

    One quoted value more at the end is let pass: logs live longer than the string that
    somebody wrote down, and what is added is added there.

    Args:
        pieces: in the order of the line.
        after: literal text behind the last.

    """
    untils = [*(directive.before for directive in pieces[1:]), after]
    fields = [
        Field(
            directive.spec.column or directive.name,
            directive.spec,
            directive.before,
            greedy=_is_greedy(directive, until),
            leading_blanks=directive.leading_blanks,
            label=directive.told,
        )
        for directive, until in zip(pieces, untils, strict=True)
    ]
    if after == '"' and fields and fields[-1].before.endswith('"'):
        more = Field("skip", FieldSpec(Kind.SKIP), after + ' "', or_end=after)
        fields.append(more)
    line = placed(fields, after)
    # Quotes tell where a value ends, so nothing needs to be tried.
    plain = tuple(
        replace(field, greedy=field.greedy and field.quotes is Quotes.NEVER)
        for field in line.fields
    )
    return replace(line, fields=plain)


def _is_greedy(directive: Directive, until: str) -> bool:
    if directive.spec.column == "user" and len(until) > 1:
        # No name holds " [": two lines that were written into each other would pass for one.
        return False
    # Addresses of IPv6 hold the colon in front of a port.
    return bool(until) and (directive.free or until.startswith(":"))


def port_of_host(pieces: Sequence[Directive]) -> list[Directive]:
    """A server's port right behind the virtual host is the port of that."""
    result = list(pieces)
    for index in range(1, len(result)):
        host, port = result[index - 1], result[index]
        behind = host.spec.column == "host" and port.before == ":"
        if behind and port.spec.column == "server_port":
            result[index] = replace(port, spec=replace(port.spec, column="port"))
    return result


def pointed(what: str, text: str, at: int, advice: str = "") -> FormatError:
    """An error that shows the text and points at a place in it.

    Args:
        what: what is wrong.
        text: the whole string.
        at: where in it.
        advice: what to write in its place.

    """
    return FormatError(what, hint=pointing(text, at, advice))


def pointing(text: str, at: int, advice: str = "") -> str:
    """A text, or what is around a place in it, with a caret under that place."""
    start = max(at - _MARGIN, 0)
    cut = text[start : at + _MARGIN].replace("\n", " ").replace("\t", " ")
    shown = f"{'…' if start else ''}{cut}{'…' if at + _MARGIN < len(text) else ''}"
    caret = " " * (at - start + bool(start)) + "^"
    return f"{shown}\n  {caret} {advice}".rstrip()


def nearest(word: str, known: Sequence[str], spell: Callable[[str], str] = str) -> str:
    """Advice that names what was probably meant; empty where nothing is near."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {spell(close[0])}?" if close else ""
