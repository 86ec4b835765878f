"""Layouts that no format file describes, whose values stand in an order of their own.

A time, a request and a status stand somewhere in every line, and names in front of values
(``rt: 0.017``, ``http_code=200``, ``client 192.0.2.1``) say what those are. Any other value is
kept as ``extra_1`` and so on. Lines that leave in doubt which number is the status are none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from hitwatch.formats.inference.clf import (
    ADDRESSES,
    AGENT,
    CLF,
    HOST,
    ISO,
    METHOD,
    REFERRER,
    all_look_like,
    may_be_iis,
)
from hitwatch.formats.inference.tails import KEYS, WRITTEN_DURATION
from hitwatch.formats.inference.tokens import Names
from hitwatch.formats.unit_names import unit_from_name

_TIME = rf"{CLF}|{ISO}".replace(" ", r"\ ")
_TOKEN = re.compile(
    rf"""
      (?P<request>"{METHOD}\ (?:[^"\\]|\\.)*")
    | (?<![\w"])(?P<method>{METHOD})\ (?P<target>(?:/|https?://)[^\s"]*)
      (?:\ (?P<protocol>HTTP/\d(?:\.\d)?))?
    | (?<![\w.])(?P<time>{_TIME})(?![\w.])
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<label>[A-Za-z][\w.-]{{0,31}}(?::(?=\ )|=(?=\S)))
    | (?P<word>https?://[^\s"]+|[^\s"\[\]()|;,]+)
    """,
    re.VERBOSE,
)
_CLF = re.compile(CLF)
_MOST = 64
_LONGEST = 8192
_STATUS = re.compile(
    r"20[0-8]|226|30[0-8]|40\d|41[0-8]|42[1-689]|431|44[49]|451|460|463|49[4-9]|50[0-8]|51[01]"
    r"|52\d|530|10[0-3]|000"
)
"""The statuses that are in use: other numbers of three digits may be anything."""

_INTEGER = re.compile(r"\d+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LABELS = {
    "status": frozenset({"status", "code", "httpcode", "statuscode", "httpstatus", "rc"}),
    "client": frozenset(
        {"client", "ip", "clientip", "remoteaddr", "remoteip", "remote", "from", "src", "addr"}
    ),
    "bytes": frozenset({"bytes", "size", "length", "bytessent", "bodybytessent", "sent", "len"}),
    "host": frozenset({"host", "vhost", "origin", "servername", "site", "domain"}),
    "referrer": frozenset({"referer", "referrer", "ref", "httpreferer"}),
    "user_agent": frozenset({"useragent", "agent", "ua", "httpuseragent"}),
    "user": frozenset({"user", "remoteuser", "username"}),
}
_LOOKS = {
    "status": _STATUS,
    "client": ADDRESSES,
    "bytes": _INTEGER,
    "host": HOST,
    "referrer": REFERRER,
    "user_agent": AGENT,
    "user": re.compile(r"[^\s\"]+"),
}
_FIELDS = {"client": "client_list", "bytes": "bytes_clf"}
_UNIT = re.compile(r"\s*(?:n|u|µ|m)?s(?:ec)?\b")


class _Token(Struct, frozen=True):
    """A value: the text in front of it, how it is written, and what its name is, folded."""

    gap: str
    kind: str
    text: str
    label: str

    @property
    def shape(self) -> tuple[str, str]:
        """What tokens at one place of lines of one layout have in common."""
        return self.gap, self.kind


def infer_any_order(lines: Sequence[str]) -> tuple[str, list[str]] | None:
    """The template of lines that have a time, a request and a status in any order.

    Args:
        lines: of a log.

    Returns:
        The template, and what may follow it; ``None`` where most lines are not of one layout,
        or leave in doubt what the status is.

    """
    rows = [row for line in lines if (row := _tokenize(line))]
    if 2 * len(rows) < len(lines) or not rows:
        return None
    length = _common_length(rows, len(lines))
    shapes = Counter(tuple(token.shape for token in row[:length]) for row in rows)
    shape = shapes.most_common(1)[0][0]
    alike = [row for row in rows if tuple(token.shape for token in row[:length]) == shape]
    columns = [list(column) for column in zip(*(row[:length] for row in alike), strict=True)]
    fields = _assign_templates(columns)
    if fields is None:
        return None
    line = "".join(
        _literal(column[0].gap) + text for column, text in zip(columns, fields, strict=True)
    )
    return line, _optional_tail([row[length:] for row in alike])


def _tokenize(line: str) -> list[_Token] | None:
    # Two lines written into each other are none.
    if len(line) > _LONGEST or line.startswith("{") or len(_CLF.findall(line)) > 1:
        return None
    found: list[_Token] = []
    gap_at, label = 0, ""
    for match in _TOKEN.finditer(line):
        kind = match.lastgroup or ""
        if kind == "label":
            label = match["label"][:-1]
            continue
        kind = "protocol" if match["protocol"] else "target" if match["target"] else kind
        text = match.group()
        found.append(_Token(line[gap_at : match.start()], kind, text, _normalize_label(label)))
        gap_at, label = match.end(), ""
        if kind == "word":
            label = text
    kinds = Counter(token.kind for token in found)
    requests = kinds["request"] + kinds["protocol"] + kinds["target"]
    if len(found) > _MOST or kinds["time"] != 1 or requests != 1:
        return None
    return [*found, _Token(line[gap_at:], "", "", "")]


def _normalize_label(label: str) -> str:
    return re.sub(r"[^a-z0-9]", "", label.lower())


def _common_length(rows: Sequence[Sequence[_Token]], lines: int) -> int:
    """How many tokens most lines have alike from the beginning."""
    length = 0
    prefixes = [hash(()) for _ in rows]
    for place in range(max(map(len, rows))):
        prefixes = [
            hash((before, row[place].shape)) if place < len(row) else 0
            for before, row in zip(prefixes, rows, strict=True)
        ]
        count = Counter(prefix for prefix in prefixes if prefix).most_common(1)
        if not count or 2 * count[0][1] < lines:
            break
        length = place + 1
    return length


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _optional_tail(rests: Sequence[Sequence[_Token]]) -> list[str]:
    """What may follow: anything, behind what separates it."""
    begins = Counter(rest[0].gap[:1] or rest[0].text[:1] for rest in rests if rest)
    if not begins:
        return []
    return [f"{_literal(begins.most_common(1)[0][0])}{{skip}}"]


def _unquote(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "quoted" else token.text


def _look_like(column: Sequence[_Token], pattern: re.Pattern[str]) -> bool:
    return all_look_like(map(_unquote, column), pattern)


def _assign_templates(columns: Sequence[Sequence[_Token]]) -> list[str] | None:
    """The template of each column; ``None`` where they do not make a hit."""
    kinds = [column[0].kind for column in columns]
    requests = [place for place, kind in enumerate(kinds) if kind in _REQUESTS]
    if not requests or "time" not in kinds:
        return None
    status = _status(columns, requests[0])
    if status is None or (kinds[requests[0]] == "target" and _may_be_iis(columns)):
        return None
    given = {status: "status", **_assign_columns(columns, status)}
    if "client" not in given.values() and columns[status][0].label not in _LABELS["status"]:
        return None
    names = Names()
    for name in given.values():
        names.take(name)
    return [
        _template(column, given.get(place), names, _text_behind(columns, place))
        for place, column in enumerate(columns)
    ]


def _may_be_iis(columns: Sequence[Sequence[_Token]]) -> bool:
    """As ``may_be_iis``, unless a name says which of the addresses is the client."""
    addresses = [c for c in columns if c[0].kind == "word" and _look_like(c, ADDRESSES)]
    labelled = any(column[0].label in _LABELS["client"] for column in addresses)
    return not labelled and may_be_iis(map(_unquote, column) for column in addresses)


_REQUESTS = {
    "request": '"{request}"',
    "protocol": "{method} {target} {protocol}",
    "target": "{method} {target}",
}


def _status(columns: Sequence[Sequence[_Token]], request: int) -> int | None:
    """Where the status stands: under its name, or the only number that may be one.

    One in front of the request is none: error logs say `Access denied with code 403` there.
    """
    behind = [
        place
        for place, column in enumerate(columns)
        if place > request and column[0].kind in ("word", "quoted") and _look_like(column, _STATUS)
    ]
    for place in behind:
        if columns[place][0].label in _LABELS["status"]:
            return place
    if request + 1 in behind or (behind and behind == [behind[0], behind[0] + 1]):
        # The bytes behind it may be as small.
        return behind[0]
    return behind[0] if len(behind) == 1 else None


def _assign_columns(columns: Sequence[Sequence[_Token]], status: int) -> dict[int, str]:
    """Which columns are what, by their names and looks."""
    given: dict[int, str] = {}
    for by_name in (True, False):
        for place, column in enumerate(columns):
            kind, label = column[0].kind, column[0].label
            if place == status or place in given or kind not in ("word", "quoted"):
                continue
            for name, labels in _LABELS.items():
                if (
                    name in given.values()
                    or name == "status"
                    or not _look_like(column, _LOOKS[name])
                ):
                    continue
                if (
                    (label in labels)
                    if by_name
                    else _is_unambiguous(name, column[0], place - status)
                ):
                    given[place] = name
                    break
    return given


def _is_unambiguous(name: str, token: _Token, behind: int) -> bool:
    """Whether look and place alone identify a value."""
    if "->" in token.gap or token.gap.rstrip().endswith((":", "=")):
        return False
    match name:
        case "bytes":
            return behind == 1
        case "referrer" | "user_agent":
            return token.kind == "quoted"
        case "client" | "host":
            return True
        case _:
            return False


def _text_behind(columns: Sequence[Sequence[_Token]], place: int) -> str:
    if place + 1 == len(columns):
        return ""
    after = columns[place + 1][0]
    return after.gap + after.text


def _template(column: Sequence[_Token], name: str | None, names: Names, follows: str) -> str:
    kind, label = column[0].kind, column[0].label
    if kind in _REQUESTS:
        return _REQUESTS[kind]
    if kind == "time":
        return "{time}"
    if not kind:
        return ""
    quotes = '"' if kind == "quoted" else ""
    field = _FIELDS.get(name, name) if name else _duration_field(column, label, names, follows)
    if field:
        return f"{quotes}{{{field}}}{quotes}"
    return quotes + names.extra() + quotes


def _duration_field(column: Sequence[_Token], label: str, names: Names, follows: str) -> str | None:
    """The field of a duration whose unit is beyond doubt: by its name, or written behind it."""
    if _look_like(column, WRITTEN_DURATION) and names.free("duration_s"):
        names.take("duration_s")
        return "duration_s"
    # `rt: 0.016 msec` of an $request_time: the text says one thing, the variable another.
    if not _look_like(column, _NUMBER) or _UNIT.match(follows):
        return None
    known = next((KEYS[key] for key in KEYS if _normalize_label(key) == label), None)
    unit = unit_from_name(label)
    field, taken = (known, known) if known else (None, "")
    if unit:
        field, taken = f"{unit[0].removesuffix('s')}{unit[1]}", unit[0]
    if field is None or not names.free(taken):
        return None
    names.take(taken)
    return field
