"""What the format strings of servers have in common: directives between literal text.

A string may have one thing twice, such as the client's address and its host name. The better
one fills the public column, the other a column of its own. Reads no server's syntax.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.formats.columns import BY_NAME
from hitwatch.formats.fields import FIELDS, REQUEST_KINDS, FieldSpec, Kind
from hitwatch.formats.format import Field, Line, Quotes
from hitwatch.formats.template import assemble_line

_TEXT = FieldSpec(Kind.TEXT)
_RESERVED = frozenset({*BY_NAME, "line_number"})


class Directive(Struct, frozen=True):
    """A variable of a format string.

    Attributes:
        name: the column it fills where no public one is left for it.
        spec: how its text is read, with the public column.
        rank: of several for one column the lowest counts, then the first.
        free: whether it may hold any text, also the text that ends it.
        before: the literal text in front of it.
        label: what the server calls it, for errors and help.
        may_be_dash: whether the server writes ``-`` in place of it for some answers, as httpd
            does for ``%!400r`` and ``%400,501{NAME}i``.
        at_end: whether it is a time at which the request had been answered.
        leading_blanks: whether blanks may stand before it, as its width needs them.

    """

    name: str
    spec: FieldSpec
    rank: int = 0
    free: bool = False
    before: str = ""
    label: str = ""
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


def assign_columns(
    directives: Sequence[Directive], client_sources: Sequence[str]
) -> list[Directive]:
    """Give every public column to one directive, and all others columns of their own.

    Args:
        directives: of a line, merged.
        client_sources: names of directives that may hold the client where none has its address,
            the best first; of a list in one the first counts.

    """
    return _assign_columns(_assign_host_port(_infer_client(directives, client_sources)))


def _assign_columns(directives: Sequence[Directive]) -> list[Directive]:
    """One directive for each public column.

    Where the server writes ``-`` for some answers in place of the best directive, or the same text
    stands twice, the next one fills the column for lines in which the best has no value.
    """
    best: dict[str, int] = {}
    for index, directive in sorted(enumerate(directives), key=lambda item: item[1].rank):
        if directive.slot is not None and directive.spec.kind is not Kind.TIME:
            best.setdefault(directive.slot, index)
    _drop_redundant(best, directives)
    shared = _share_columns(best, directives)
    names: set[str] = set(_RESERVED)
    assigned = []
    for index, directive in enumerate(directives):
        if directive.spec.kind in (Kind.SKIP, Kind.TIME):
            assigned.append(directive)
        elif index in shared:
            assigned.append(shared[index])
        elif best.get(directive.slot or "", -1) == index:
            assigned.append(directive)
        else:
            assigned.append(_with_own_column(directive, names))
    return assigned


def _share_columns(best: dict[str, int], directives: Sequence[Directive]) -> dict[int, Directive]:
    """The directives that fill one column together, by their index."""
    shared: dict[int, Directive] = {}
    for slot, chosen in best.items():
        first = directives[chosen]
        group = [chosen]
        for index, directive in sorted(enumerate(directives), key=lambda item: item[1].rank):
            same = directive.slot == slot and directive.spec.kind is first.spec.kind
            twice = directive.name == first.name and directive.spec.kind is Kind.TEXT
            gaps = all(directives[other].may_be_dash for other in group)
            if index != chosen and same and (gaps or twice):
                group.append(index)
        if len(group) == 1:
            continue
        # That all of them have a dash is known at the last one.
        zero = any(directives[index].spec.dash_is_zero for index in group)
        for index in group:
            spec = replace(
                directives[index].spec,
                shared=True,
                spare=index != chosen,
                dash_is_zero=zero and index == max(group),
            )
            shared[index] = replace(directives[index], spec=spec)
    return shared


def _drop_redundant(best: dict[str, int], directives: Sequence[Directive]) -> None:
    """Parts of a request are redundant beside the whole, and so is a query beside its target."""
    request = best.get(Kind.REQUEST.value)
    if request is not None and not directives[request].may_be_dash:
        for kind in REQUEST_KINDS:
            if kind is not Kind.REQUEST:
                best.pop(kind.value, None)
    target = best.get(Kind.TARGET.value)
    if target is not None and directives[target].spec.kind is Kind.TARGET:
        best.pop(Kind.QUERY.value, None)


def _with_own_column(directive: Directive, names: set[str]) -> Directive:
    name, count = directive.name, 1
    if name in _RESERVED:
        name = f"{name}_logged"
    while name in names:
        count += 1
        name = f"{directive.name}_{count}"
    names.add(name)
    kept = directive.spec.kind in (Kind.TEXT, Kind.INTEGER, Kind.SECONDS)
    spec = directive.spec if kept else replace(_TEXT, escape=directive.spec.escape)
    # A list that is not the client is kept whole.
    listed = spec.listed and spec.kind is Kind.SECONDS
    return replace(directive, spec=replace(spec, column=name, listed=listed))


def as_text(directive: Directive) -> Directive:
    """The same directive, read as a text."""
    return replace(directive, spec=replace(_TEXT, escape=directive.spec.escape), free=True)


def _infer_client(directives: Sequence[Directive], sources: Sequence[str]) -> list[Directive]:
    """Where no directive is the client's address, take it from what proxies say of it."""
    if any(directive.spec.column == "client" for directive in directives):
        return list(directives)
    for name in sources:
        for index, directive in enumerate(directives):
            if directive.name == name:
                spec = FIELDS["client_header"]
                return [
                    *directives[:index],
                    replace(directive, spec=spec, free=True),
                    *directives[index + 1 :],
                ]
    return list(directives)


def merge(directives: Sequence[Directive], after: str) -> list[Directive]:
    """Merge directives that only together say something, or that nothing separates.

    ``%m %U%q %H`` is a request line, and so is ``$request_method $request_uri
    $server_protocol``; ``$uri$is_args$args`` is a target.
    """
    merged: list[Directive] = []
    for directive in directives:
        if merged and not directive.before:
            merged[-1] = _join(merged[-1], directive)
        else:
            merged.append(directive)
    return _merge_requests(_merge_urls(merged), after)


def _join(left: Directive, right: Directive) -> Directive:
    """Two directives without any text between them."""
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
    return replace(as_text(left), name=name, label=left.label + right.label)


def _merge_urls(directives: Sequence[Directive]) -> list[Directive]:
    """Take a scheme and what follows it as the absolute target that they are."""
    result: list[Directive] = []
    for directive in directives:
        scheme = result[-1] if result else None
        target = directive.spec.kind in (Kind.TARGET, Kind.PATH)
        if scheme and scheme.spec.column == "scheme" and target and directive.before == "://":
            result[-1] = replace(directive, before=scheme.before, name="request_url")
        else:
            result.append(directive)
    return result


def _merge_requests(directives: list[Directive], after: str) -> list[Directive]:
    """Replace method, target and protocol in a row by the request line they are."""
    kinds = [directive.spec.kind for directive in directives]
    enders = [*(directive.before for directive in directives[1:]), after]
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
            first = directives[index]
            spec = FieldSpec(Kind.REQUEST, escape=first.spec.escape)
            whole = replace(first, name="request_line", spec=spec, free=True)
            return [*directives[:index], whole, *directives[index + 3 :]]
    return directives


def make_line(directives: Sequence[Directive], after: str) -> Line:
    """Make a line of directives that have their columns.

    One quoted value more at the end is let pass: logs live longer than the string that
    somebody wrote down, and what is added is added there.

    Args:
        directives: in the order of the line.
        after: literal text behind the last.

    """
    untils = [*(directive.before for directive in directives[1:]), after]
    fields = [
        Field(
            directive.spec.column or directive.name,
            directive.spec,
            directive.before,
            greedy=_is_greedy(directive, until),
            leading_blanks=directive.leading_blanks,
            label=directive.label,
        )
        for directive, until in zip(directives, untils, strict=True)
    ]
    if after == '"' and fields and fields[-1].before.endswith('"'):
        more = Field("skip", FieldSpec(Kind.SKIP), after + ' "', or_end=after)
        fields.append(more)
    line = assemble_line(fields, after)
    # Quotes end a value, so nothing needs to be tried.
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


def _assign_host_port(directives: Sequence[Directive]) -> list[Directive]:
    """A server's port right behind the virtual host is the port of that."""
    result = list(directives)
    for index in range(1, len(result)):
        host, port = result[index - 1], result[index]
        behind = host.spec.column == "host" and port.before == ":"
        if behind and port.spec.column == "server_port":
            result[index] = replace(port, spec=replace(port.spec, column="port"))
    return result


def snake(name: str) -> str:
    """A column's name for a name of another style: ``accept_language``.

    >>> snake("Accept-Language")
    'accept_language'

    """
    words = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")
    return words if words and not words[0].isdigit() else f"x_{words}"
