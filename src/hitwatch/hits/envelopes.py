"""What runtimes and collectors put before, around or between log lines: one table.

A row says how an envelope looks, where that is documented, and shows an example. Rows are data:
the kernel (``kernel/parse/src/framing.rs``) knows none of them by name. Heads are regular
expressions on bytes that match from the beginning of a line, without look-around, in linear
time; a line that one does not match stays as it is. Hence a client, whose words stand behind
the head, can make no line look carried that is not.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from hitwatch import _kernel
from hitwatch.patterns import Pattern


class Frame(Struct, frozen=True):
    """One envelope.

    Attributes:
        name: what people call it.
        source: where it is documented.
        example: a line of it, or several that carry one.
        payload: the line that the example carries.
        kind: ``text``: text before and behind a line; ``member``: a JSON object that has the
            line under a name; ``records``: JSON objects that are not one to a line.
        head: what stands before the line; it matches at the beginning.
        kept: how many of its last bytes belong to the line.
        time_as: what is written around the head's time, its first group, in front of a line
            that has none of its own.
        partial: as ``head``, where the line that follows goes on in the next one.
        tail: what stands behind the line.
        ends: how a carried line ends.
        escape: how the carried line is escaped.
        members: names of which the first that is there has the line, with points between
            those of nested objects.
        ended: whether the line stands there with its line end; one without is a part.
        lists: names of lists in an object whose items are the records.

    """

    name: str
    source: str
    example: str
    payload: str
    kind: Literal["text", "member", "records"] = "text"
    head: str = ""
    kept: int = 0
    time_as: tuple[bytes, bytes] | None = None
    partial: str | None = None
    tail: str = ""
    ends: str = ""
    escape: str = "none"
    members: tuple[str, ...] = ()
    ended: bool = False
    lists: tuple[str, ...] = ()

    @property
    def compiled(self) -> _kernel.Frame:
        """The frame as the kernel takes it."""
        return _compiled(self)


@cache
def _compiled(frame: Frame) -> _kernel.Frame:
    return _kernel.Frame(
        {
            "kind": frame.kind,
            "head": frame.head,
            "kept": frame.kept,
            "time_as": frame.time_as,
            "part": frame.partial,
            "tail": frame.tail.encode(),
            "ends": frame.ends.encode(),
            "escape": frame.escape,
            "keys": _member_tree(frame.members),
            "ended": frame.ended,
            "lists": [name.encode() for name in frame.lists],
        }
    )


def _member_tree(members: tuple[str, ...]) -> list[dict[bytes, tuple[Any, int | None, int]]]:
    nodes: list[dict[bytes, tuple[Any, int | None, int]]] = [{}]
    for rank, path in enumerate(members, 1):
        node = nodes[0]
        *around, name = path.split(".")
        for outer in around:
            value, below, _ = node.get(outer.encode(), (None, None, 0))
            if below is None:
                below = len(nodes)
                nodes.append({})
            node[outer.encode()] = (value, below, 0)
            node = nodes[below]
        _, below, _ = node.get(name.encode(), (None, None, 0))
        node[name.encode()] = ((0, rank), below, 0)
    return nodes


_COLOUR = r"(?:\x1b\[[0-9;]*[mK])*"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)"
_RFC3339 = rf"\d{{4}}-\d\d-\d\dT{_CLOCK}{_ZONE}?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_BSD = rf"{_MONTH} {{1,2}}\d{{1,2}} (?:\d{{4}} )?{_CLOCK}(?: \d{{4}})?"
_FULL = rf"(?:[A-Z][a-z]{{2}} )?\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?: ?{_ZONE}| [A-Z]{{2,5}})?"
_ANY_STAMP = rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK}(?: ?{_ZONE})?"
_STAMP = rf"(?:{_BSD}|{_FULL}|\d{{10}}\.\d{{6}}|\[ *\d+\.\d{{6}}\])"
_TAG = r'[A-Za-z0-9_/][^\s\[\]":,;=]{0,80}(?:\[[^\s\]]{0,40}\])?(?: <[A-Za-z]+>)?:(?: |$)'
_PRIORITY = r"(?:\d{1,6} )?<\d{1,3}>"
_ELEMENT = r'\[[^\]" ]+(?: [^=\]" ]+="(?:[^"\\]|\\.)*")*\]'
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|[Dd]ebug|[Ii]nfo|[Nn]otice)"
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_POD = r"[a-z0-9.]*[a-z][a-z0-9.]*(?:-[a-z0-9.]+)+"

_CLF = '192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 5'
_JSON = '{"time":"2026-10-10T13:55:36Z","ip":"192.0.2.7","path":"/a","status":200}'
_JOURNAL = "https://www.freedesktop.org/software/systemd/man/latest/journalctl.html"


def _quoted_frame(name: str, source: str, inside: str, escape: str, start: str = "") -> Frame:
    """A line between quotes. Arguments: how quotes are written inside; the escape; a head."""
    line = _CLF.replace('"', inside)
    head = re.escape(start) if start else "(?:)"
    return Frame(name, source, f'{start}"{line}"', _CLF, head=f'{head}"', tail='"', escape=escape)


FRAMES: tuple[Frame, ...] = (
    Frame(
        "syslog",
        "https://www.rfc-editor.org/rfc/rfc3164#section-4.1",
        f"<190>Oct 10 13:55:36 web1 nginx[17]: {_CLF}",
        _CLF,
        # Host and facility may be missing or there: rsyslog, syslog-ng, journalctl, Heroku.
        head=rf'(?:(?:{_PRIORITY})?{_STAMP} (?:[^\s"]+ ){{0,2}}?|{_PRIORITY}){_TAG}',
    ),
    Frame(
        "syslog-5424",
        "https://www.rfc-editor.org/rfc/rfc5424#section-6",
        f'<190>1 2026-10-10T13:55:36Z web1 nginx 17 - [a@1 b="]"] {_CLF}',
        _CLF,
        # Heroku's Logplex leaves the structured data out.
        head=rf"{_PRIORITY}1 (?:\S+ ){{4}}(?:\S+ (?:-|(?:{_ELEMENT})+)(?: |$)(?:\xef\xbb\xbf)?|- )",
    ),
    Frame(
        "cri",
        "https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
        f"2026-10-10T13:55:36.100000000Z stdout F {_CLF}",
        _CLF,
        # F marks a full line, P a part that the next line goes on with.
        head=rf"{_RFC3339} std(?:out|err) (?:F(?::\S*)? )?",
        partial=rf"{_RFC3339} std(?:out|err) P(?::\S*)? ",
    ),
    Frame(
        "timestamps",
        "https://docs.docker.com/reference/cli/docker/container/logs/",
        f"2026-10-10T13:55:36.123456789Z {_CLF}",
        _CLF,
        # Also kubectl logs --timestamps, exports of CloudWatch, ts of moreutils, pm2 --time.
        head=rf"(?:{_RFC3339}|{_BSD}):?[ \t]",
    ),
    Frame(
        "timestamps-and-name",
        "https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html",
        f"2026-10-10T13:55:36.100000+00:00 web/nginx/17 {_CLF}",
        _CLF,
        head=rf'(?:(?:{_PRIORITY})?(?:{_RFC3339}|{_BSD})) (?:[A-Za-z][^\s"]*|[^\s"]*/[^\s"]*) ',
    ),
    Frame(
        "compose",
        "https://docs.docker.com/reference/cli/docker/compose/logs/",
        f"\x1b[36mnginx-1  | \x1b[0m{_CLF}",
        _CLF,
        # Also docker service logs, pm2 logs, foreman and those that imitate it.
        head=rf"{_COLOUR}(?:{_CLOCK} )?(?:\d+\|)?[0-9._-]*[A-Za-z_][\w.@-]* *{_COLOUR} *\|"
        rf"{_COLOUR} ?{_COLOUR}",
    ),
    Frame(
        "kubectl-prefix",
        "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/",
        f"[pod/web-7d4b9c6f5-x2x4z/nginx] {_CLF}",
        _CLF,
        # kubetail and kail write the same names otherwise.
        head=rf"{_COLOUR}(?:\[(?:pod/)?{_POD}(?:[/ ]{_LABEL})?\]|{_LABEL}/{_POD}\[{_LABEL}\]:)"
        rf"{_COLOUR} ?{_COLOUR} ?",
    ),
    Frame(
        "stern",
        "https://github.com/stern/stern#output",
        f"web-7d4b9c6f5-x2x4z nginx {_CLF}",
        _CLF,
        head=rf"{_COLOUR}(?:{_LABEL}{_COLOUR} {_COLOUR})?{_POD}{_COLOUR} {_COLOUR}{_LABEL}"
        rf"{_COLOUR} {_COLOUR}",
    ),
    Frame(
        "cloud-foundry",
        "https://docs.cloudfoundry.org/devguide/deploy-apps/streaming-logs.html",
        f"   2026-10-10T13:55:36.12+0000 [RTR/0] OUT {_CLF}",
        _CLF,
        head=rf" *{_RFC3339} \[[A-Z]+(?:/[^\]\s]+)*\] +(?:OUT|ERR) ",
    ),
    Frame(
        "grep",
        "https://www.gnu.org/software/grep/manual/grep.html#Output-Line-Prefix-Control",
        f"/var/log/nginx/access.log:12:{_CLF}",
        _CLF,
        # Unlike a host with a port, a file has a slash, or ends as logs do.
        head=r'(?:[A-Za-z]:\\)?(?:[^\s:"{]*[/\\][^\s:"{]+|[^\s:"{/]+(?:\.(?:log|txt|json|out|gz)'
        r"|_log)(?:[.-][\w-]+)*):(?:\d+:)?",
    ),
    Frame(
        "line-numbers",
        "https://www.gnu.org/software/coreutils/manual/html_node/cat-invocation.html",
        f"    12\t{_CLF}",
        _CLF,
        # What uniq -c counts is more than one hit, and stays. So does what grep -n writes before
        # lines of one file: with it an IPv6 address is another one.
        head=r" *\d{1,12}\t",
    ),
    Frame(
        "level",
        "https://www.uvicorn.org/settings/#logging",
        f"INFO:     {_CLF}",
        _CLF,
        head=rf"{_COLOUR}\[?{_LEVEL}\]?{_COLOUR}(?::[\w.]+)?:? *",
    ),
    Frame(
        "logger",
        "https://docs.python.org/3/library/logging.html#logrecord-attributes",
        f"2026-10-10 13:55:36,123 INFO {_CLF}",
        _CLF,
        head=rf'\[?{_FULL}\]?[ :](?:- )?(?:[^\s"{{]+ (?:- )?){{0,3}}?\[?{_LEVEL}\]?:?'
        r"[ \t]+(?:- )?",
    ),
    Frame(
        "logger-named",
        "https://docs.python.org/3/howto/logging.html#changing-the-format-of-displayed-messages",
        f"2026-10-10 13:55:36,123 INFO aiohttp.access: {_CLF}",
        _CLF,
        head=rf'\[?{_FULL}\]?[ :](?:- )?(?:[^\s"{{]+ (?:- )?){{0,3}}?\[?{_LEVEL}\]?:?'
        r"[ \t]+(?:- )?\[?[A-Za-z_][\w.$-]*\]?(?: - |: )",
    ),
    _quoted_frame("quotes", "https://docs.litespeedtech.com/lsws/cp/", '"', "none"),
    _quoted_frame("quotes-doubled", "https://www.rfc-editor.org/rfc/rfc4180", '""', "doubled"),
    _quoted_frame(
        "quotes-escaped", "https://docs.python.org/3/library/csv.html", '\\"', "backslash"
    ),
    Frame(
        "cloudwatch-csv",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html",
        '1791640536000,"' + _CLF.replace('"', '""') + '"',
        _CLF,
        head=r'\d{13},"',
        tail='"',
        escape="doubled",
    ),
    Frame(
        "json-seq",
        _JOURNAL,
        f"\x1e{_JSON}",
        _JSON,
        # Records of RFC 7464, and events of a server that sends them (json-sse).
        head=r"(?:\x1e|data: ?)",
    ),
    Frame(
        "before-json",
        "https://pkg.go.dev/log#pkg-constants",
        f"2026/10/10 13:55:36.255 [server.go:2741]  {_JSON}",
        _JSON,
        # A logger's words, whatever they are: the rest is JSON to the end.
        head=r'[^{"]{1,300}\{',
        kept=1,
        ends="}",
    ),
    Frame(
        "time-before-json",
        "https://caddyserver.com/docs/caddyfile/directives/log#console",
        '2026/10/10 13:55:36.100\tinfo\thandled request\t{"ip":"192.0.2.7","status":200}',
        '{"timestamp":"2026/10/10 13:55:36.100","ip":"192.0.2.7","status":200}',
        # Also fluentd's files and any logger that leaves the time to its head.
        head=rf'{_COLOUR}\[?({_ANY_STAMP})[\s\],][^{{"]{{0,300}}\{{',
        time_as=(b'{"timestamp":"', b'",'),
        ends="}",
    ),
    Frame(
        "time-before-logfmt",
        "https://devcenter.heroku.com/articles/logging#log-format",
        "2026-10-10T13:55:36.100000+00:00 app[web.1]: method=GET path=/a status=200",
        'time="2026-10-10T13:55:36.100000+00:00" method=GET path=/a status=200',
        head=rf'\[?({_ANY_STAMP})\]?[ \t](?:[^\s"=]+[ \t])*',
        time_as=(b'time="', b'" '),
    ),
    Frame(
        "docker",
        "https://docs.docker.com/engine/logging/drivers/json-file/",
        '{"log":"' + _CLF.replace('"', '\\"') + '\\n","stream":"stdout"}',
        _CLF,
        kind="member",
        members=("log",),
        ended=True,
    ),
    Frame(
        "json",
        _JOURNAL,
        '{"MESSAGE":"' + _CLF.replace('"', '\\"') + '","_PID":"17"}',
        _CLF,
        # Collectors, each by the name it uses: journald, Fluent Bit, Filebeat, Vector, Splunk,
        # Loki, Google Cloud, Graylog.
        kind="member",
        members=(
            "MESSAGE",
            "log",
            "message",
            "event.original",
            "_source.message",
            "_raw",
            "result._raw",
            "line",
            "textPayload",
            "full_message",
            "short_message",
            "msg",
        ),
    ),
    Frame(
        "records",
        "https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html",
        f"[\n{_JSON}\n]",
        _JSON,
        kind="records",
    ),
    Frame(
        "records-in-object",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
        '{"messageType":"DATA_MESSAGE","logEvents":[' + _JSON + "]}",
        _JSON,
        kind="records",
        # CloudWatch, Azure's diagnostic logs, aws logs, Elasticsearch.
        lists=("logEvents", "records", "Records", "events", "hits"),
    ),
)
"""The known envelopes. Of those that serve alike the first counts."""

_NOTICE = Pattern(
    rb"==> .* <==\r?$"  # tail of several files
    rb"|-- (?:Logs begin|Journal begins|No entries|Boot|Reboot)\b.* --\r?$"  # journalctl
    rb"|Attaching to "  # docker compose
    rb"|[+-] \S+ \S+ \xe2\x80\xba \S+|[+-] \S+ \xe2\x80\xba \S+"  # stern
    rb"|tail: \S+: "
    rb"|timestamp,message\r?$"  # the head of an export of CloudWatch
)


def drop_notices(data: bytes) -> bytes:
    """The lines that may speak for a format: not blank ones, nor heads between lines.

    Those are lines all the same, and become rejects.
    """
    # A carriage return ends no line; some logs have two of them before the line feed.
    lines = data.split(b"\n")
    return b"".join(line + b"\n" for line in lines if line.strip() and not _NOTICE.match(line))


def unwrap(frames: tuple[Frame, ...], data: bytes) -> bytes:
    """Whole lines without what is around them; what is held of parts comes last."""
    if not frames:
        return data
    unframer = _kernel.Unframer([frame.compiled for frame in frames])
    return unframer.feed(data) + unframer.finish()
