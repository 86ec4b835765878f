"""Layouts that no format file describes: known fields with something unknown around them.

Most servers write the common log format with something more: a virtual host in front, the list
of forwarded addresses between, durations behind. A time in brackets, a request in quotes and a
status behind it are unmistakable; what stands around them is identified by its type. What has none
that is known is kept as ``extra_1``, ``extra_2`` and so on, and the layout is called a guess.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from hitwatch.formats.format import INFERRED, Format, Guess
from hitwatch.formats.inference.any_order import infer_any_order
from hitwatch.formats.inference.clf import ADDRESSES, CLF, HOST, ISO, may_be_iis
from hitwatch.formats.inference.separated import infer_separated
from hitwatch.formats.inference.tails import infer_tail, template_by_look
from hitwatch.formats.inference.tokens import (
    AROUND,
    Names,
    Token,
    are_dashes,
    delimiter_of,
    has_lists,
    look_like,
    tokenize,
    transpose,
)
from hitwatch.formats.toml import read_lines

_LOOKED_AT = 200
_MOST_TOKENS = 32
_CONSISTENT = 3

_US = r"\d\d/\d\d/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
_TIMES = (
    (re.compile(rf"(?<!\")\[(?:{CLF}|{ISO})\]"), "[{time}]", "any"),
    # cPanel's logs have the month first.
    (re.compile(rf"\[{_US}\]"), "[{time}]", "%m/%d/%Y:%H:%M:%S %z"),
    (re.compile(rf"(?<![^ ])(?:{CLF}|{ISO})(?= )"), "{time}", "any"),
    (re.compile(rf"(?<= )\"(?:{CLF}|{ISO})\"(?= )"), '"{time}"', "any"),
    (re.compile(r"^\d{10}(?:\.\d{1,9})?(?= )"), "{time}", "epoch:s"),
    (re.compile(r"^\d{13}(?= )"), "{time}", "epoch:ms"),
)
"""How times look, how a template has them, and in which format they are."""

_REQUEST = re.compile(r'"[A-Z][A-Z_-]{1,19} (?:[^"\\]|\\.)*"')
_UNQUOTED = re.compile(r"(?<= )[A-Z]{3,10} \S+ HTTP/\d(?:\.\d)?(?= )")
_WITHOUT_PROTOCOL = re.compile(
    r"(?<= )(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|PURGE|PROPFIND) (?:/|https?://)\S*(?= )"
)
_BARE = 2
_ABSENT = re.compile(r'"-?"')
_REQUESTS = (
    (_REQUEST, '"{request}"'),
    (_UNQUOTED, "{request*}"),
    (_WITHOUT_PROTOCOL, "{method} {target}"),
)
"""How requests look, and how a template has them."""

_STATUS = re.compile(r"[1-9]\d\d|000|0|-")
_DECIMAL = re.compile(r"\d+[.,]\d+")


class _TokenizedLine(Struct, frozen=True):
    """The tokens of a line: what stands before the time, before the request, and behind it."""

    time: int
    request: int
    status: str
    head: tuple[Token, ...]
    between: tuple[Token, ...]
    tail: tuple[Token, ...]

    @property
    def shape(self) -> tuple[int, int, str, int, int]:
        """What lines of one layout have in common."""
        return self.time, self.request, self.status, len(self.head), len(self.between)


def infer(data: bytes) -> Format | None:
    """The layout of lines like the common log format, with unknown values around the known.

    Args:
        data: whole lines.

    Returns:
        ``None`` where fewer than half of the lines have a time, a request and a status.

    """
    text = data.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED_AT]
    # What a header lays out is not guessed.
    if not lines or any(line.startswith("#Fields:") for line in lines):
        return None
    tabs = _from_separated(lines) if "\t" in lines[0] else None
    if tabs:
        return tabs
    rows = [row for line in lines if (row := _tokenize(line))]
    if rows and 2 * len(rows) >= len(lines):
        layout = _from_clf(rows) or _from_separated(lines)
        values = transpose([each.head + each.between for each in rows])
        if layout or _client_place(values) is not None:
            return layout
        return _from_any_order(lines)
    return _from_separated(lines) or _from_any_order(lines)


def _from_separated(lines: Sequence[str]) -> Format | None:
    found = infer_separated(lines)
    return _format(found[0], (), found[1]) if found else None


def _from_any_order(lines: Sequence[str]) -> Format | None:
    found = infer_any_order(lines)
    return _format(found[0], found[1], "any") if found else None


def _from_clf(rows: Sequence[_TokenizedLine]) -> Format | None:
    """The layout of lines with a time before a request, and the status right behind it."""
    shape, count = Counter(each.shape for each in rows).most_common(1)[0]
    if 2 * count < len(rows):
        return None
    alike = [each for each in rows if each.shape == shape]
    names = Names()
    columns = transpose([each.head + each.between for each in alike])
    place, request, delimiter, before_time, _ = shape
    head = _head(columns, before_time, names)
    few = len(alike) < _CONSISTENT
    if head is None or (names.unknown and (few or _is_in_two(columns[:before_time]))):
        # A word more may as well be the first of a name.
        return None
    _, written, time_format = _TIMES[place]
    known, optional = infer_tail([each.tail for each in alike], names, client=names.free("client"))
    if names.free("client"):
        return None
    around = [*head[:before_time], written, *head[before_time:]]
    before, after = AROUND[delimiter]
    line = " ".join([*around, _REQUESTS[request][1], f"{before}{{status}}{after}"])
    return _format(line + known, optional, time_format)


def _format(line: str, optional: Sequence[str], time_format: str) -> Format:
    table = {"line": line, "optional": optional}
    shown = line + "".join(text for text in optional if "{skip}" not in text)
    return Format(
        name=INFERRED,
        title=shown,
        lines=read_lines(table, {}, INFERRED),
        time_format=time_format,
        time_means="end",
        source="https://httpd.apache.org/docs/2.4/logs.html#common",
        guesses=(
            Guess(
                "layout",
                shown,
                "the time, the request and the status are certain; what is around them was inferred"
                " from what it looks like",
                "--log-format with the server's own string",
            ),
        ),
    )


def _tokenize(line: str) -> _TokenizedLine | None:
    times = ((place, pattern.search(line)) for place, (pattern, _, _) in enumerate(_TIMES))
    place, found = next(((place, match) for place, match in times if match), (0, None))
    if found is None:
        return None
    kind, request = _request(line, found.end())
    if request is None:
        return None
    head = tokenize(line[: found.start()].strip())
    between = tokenize(line[found.end() : request.start()].strip())
    behind = tokenize(line[request.end() :].strip())
    if max(len(head), len(between), len(behind)) > _MOST_TOKENS:
        return None
    status = bool(behind) and not behind[0].key and _STATUS.fullmatch(behind[0].text)
    if kind == _BARE and status:
        tokens = (*head, *between, *behind)
        if behind[0].text == "-" or may_be_iis([token.text] for token in tokens):
            return None
    if not status or _TIMES[place][0].search(line, request.end()):
        # Two lines written into each other are none.
        return None
    return _TokenizedLine(place, kind, behind[0].delimiter, head, between, behind[1:])


def _request(line: str, start: int) -> tuple[int, re.Match[str] | None]:
    """The first request behind a place, and how it is written."""
    found = [(kind, pattern.search(line, start)) for kind, (pattern, _) in enumerate(_REQUESTS)]
    first = min(
        ((match.start(), kind, match) for kind, match in found if match is not None), default=None
    )
    return first[1:] if first else (0, _ABSENT.search(line, start))


def _head(columns: list[list[Token]], before_time: int, names: Names) -> list[str] | None:
    """Templates of what stands before the request; ``None``: nothing there can be the client."""
    client = _client_place(columns)
    if client is None:
        # Apache strings with %u first, and the addresses behind all.
        return _without_client(columns, names)
    # The user stands right before the time, or last of what is behind the client.
    last = before_time - 1 if client < before_time else len(columns) - 1
    templates: list[str] = []
    for place, column in enumerate(columns):
        delimiter = delimiter_of(column)
        before, after = AROUND[delimiter]
        if place == client and has_lists(column):
            bare = "{client_list*}" if delimiter == "bare" else "{client_list}"
            template = before + bare + after
            names.take("client")
        elif place == client:
            template = before + names.take("client") + after
        elif place == last > client and delimiter in ("bare", "quoted") and _is_name(column):
            template = before + names.take("user") + after
        elif are_dashes(column) and place > client:
            # Behind a list, which has blanks of its own, the dash marks its end.
            listed = templates[client].endswith("*}")
            template = "-" if listed or not names.free("ident") else names.take("ident")
        else:
            template = before + _template(column, place - client, names) + after
            # What stands elsewhere, in brackets, or is a number is not part of a name.
            typed = any(look_like(column, pattern) for pattern in (HOST, ADDRESSES, _DECIMAL))
            names.unknown += delimiter == "bare" and client < place < before_time and not typed
        templates.append(template)
    return templates


def _without_client(columns: list[list[Token]], names: Names) -> list[str] | None:
    if len(columns) != 1 or delimiter_of(columns[0]) != "bare" or not _is_name(columns[0]):
        return None
    return [names.take("user")]


def _is_in_two(columns: list[list[Token]]) -> bool:
    """Whether what stands before the time may be a name of two words on every line."""
    if len(columns) < 2:
        return False
    words = [token.text for column in columns[-2:] for token in column]
    return all(word.replace("-", "").isalpha() and word != "-" for word in words)


def _client_place(columns: list[list[Token]]) -> int | None:
    """Which value is the client: the first bare address, else a quoted one, else a name."""
    for delimiter in ("bare", "quoted", "parenthesised", "bracketed"):
        for place, column in enumerate(columns):
            if delimiter_of(column) == delimiter and look_like(column, ADDRESSES):
                return place
    for place, column in enumerate(columns[:2]):
        if delimiter_of(column) == "bare" and look_like(column, HOST):
            return place
    return None


def _is_name(column: Sequence[Token]) -> bool:
    return not any(look_like(column, pattern) for pattern in (HOST, ADDRESSES, _DECIMAL))


def _template(column: Sequence[Token], behind: int, names: Names) -> str:
    """The template of a value before the request, by its type."""
    delimiter = delimiter_of(column)
    if look_like(column, HOST) and names.free("host"):
        names.take("host")
        # In front, as Apache's %v:%p, the port is a column of its own.
        return (
            "{host_address}"
            if behind < 0
            else "{virtual_host}"
            if delimiter == "bare"
            else "{host}"
        )
    if delimiter != "bare" and look_like(column, ADDRESSES) and names.free("forwarded_for"):
        return names.take("forwarded_for")
    return template_by_look(column, names) or names.extra()
