"""Names of W3C logs' fields by product: what each means there, and in which units.

Sources: the draft (https://www.w3.org/TR/WD-logfile.html); IIS and http.sys
(https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging,
https://learn.microsoft.com/en-us/troubleshoot/developer/webapps/aspnet/site-behavior-performance/error-logging-http-apis);
Forefront TMG and ISA (https://learn.microsoft.com/en-us/previous-versions/tn-archive/cc441677(v=technet.10));
Windows Media Services (https://learn.microsoft.com/en-us/windows/win32/wmformat/logging-fields);
Blue Coat ProxySG (SGOS Administration Guide, "Access Log Formats");
CloudFront (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html);
EdgeCast, sold as Azure CDN from Verizon
(https://docs.edgecast.com/cdn/Content/Raw_Log_Files/Raw_Log_File_Field_Definitions.htm);
Exchange's proxy logs (https://learn.microsoft.com/en-us/exchange/client-access/http-proxy-logs).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct, field

USUAL: dict[str, str] = {
    "c-ip": "client",
    "c-dns": "client",
    "cs-username": "user",
    "cs-method": "method",
    "cs-uri": "target",
    "cs-uri-stem": "path",
    "cs-uri-query": "query",
    "cs-version": "protocol",
    "cs-protocol-version": "protocol",
    "cs-protocol": "scheme",
    "sc-status": "status",
    "sc-bytes": "bytes",
    "cs-bytes": "bytes_received",
    "time-taken": "duration_ms",
    "timetakenms": "duration_ms",
    "cs(user-agent)": "user_agent",
    "cs-user-agent": "user_agent",
    "c-user-agent": "user_agent",
    "cs(referer)": "referrer",
    "cs(referrer)": "referrer",
    "cs-referer": "referrer",
    "c-referrer": "referrer",
    "c-referer": "referrer",
    "x-host-header": "host",
    "cs-host": "host",
    "cs(host)": "host",
    "s-ip": "server_address",
    "s-port": "server_port",
    "c-port": "client_port",
    "x-forwarded-for": "forwarded_for",
    "x_forwarded_for": "forwarded_for",
    "cs(x-forwarded-for)": "forwarded_for",
    "cs-x-forwarded-for": "forwarded_for",
    "x-edge-result-type": "cache_status",
    "x-edge-request-id": "request_id",
    "ssl-protocol": "tls_protocol",
    "ssl-cipher": "tls_cipher",
    "crypt-protocol": "tls_protocol",
    "sc-content-type": "content_type",
    "sc(content-type)": "content_type",
    "rs(content-type)": "content_type",
}
"""Fields of hitwatch by the names of W3C logs, in small letters; those of time stand apart."""

TIMES: tuple[dict[str, str], ...] = (
    {"date": "date", "time": "clock"},
    {"timestamp": "any_time"},
    {"datetime": "any_time"},
    {"gmttime": "any_time"},
    {"date-local": "date", "time-local": "clock"},
    {"localtime": "any_time"},
    {"x-localtime": "any_time"},
    {"time": "clock"},
    {"time-local": "clock"},
    {"date": "date"},
)
"""Fields that make the time together, the best first: others of the same line are kept as text."""


class Product(Struct, frozen=True):
    """How a program writes W3C logs.

    Attributes:
        name: of the program.
        identifying_names: names of which one is enough to recognise it; ``x-edge-*`` stands
            for all with that beginning.
        software: how ``#Software`` begins.
        names: fields that it names or measures in its own way, before the usual ones.
        escape: what is escaped in texts: ``plus`` for blanks, ``percent``, or nothing.
        quotes: whether values with blanks are quoted.
        open_unit: whether ``time-taken`` is in seconds, as the draft has it, or in milliseconds
            is not known.
        appended: names in the order in which newer fields were added at the end: they are in
            lines before they are in the header.

    """

    name: str
    identifying_names: Collection[str] = ()
    software: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    escape: str | None = None
    quotes: bool = True
    open_unit: bool = False
    appended: tuple[str, ...] = ()

    def matches(self, names: Collection[str], software: str) -> bool:
        """Whether a log with these names, written by this software, is this program's."""
        if self.software and software.lower().startswith(self.software):
            return True
        return any(
            name == known or (known.endswith("*") and name.startswith(known[:-1]))
            for known in self.identifying_names
            for name in names
        )


_CLOUDFRONT = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(host) cs-uri-stem sc-status cs(referer)"
    " cs(user-agent) cs-uri-query cs(cookie) x-edge-result-type x-edge-request-id x-host-header"
    " cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher"
    " x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port"
    " time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len"
    " sc-range-start sc-range-end"
)

PRODUCTS: tuple[Product, ...] = (
    Product(
        "Amazon CloudFront",
        identifying_names=("x-edge-*",),
        names={"time-taken": "duration_s", "time-to-first-byte": "first_byte_s:seconds"},
        escape="percent",
        quotes=False,
        appended=tuple(_CLOUDFRONT.split()),
    ),
    Product(
        "EdgeCast",
        identifying_names=("customer-id", "rs-duration", "x-ec_custom-1"),
        # TCP_HIT/200: what the cache did, and the status.
        names={
            "sc-status": "coded_status",
            "cs-uri-stem": "target",
            "rs-duration": "upstream_duration_ms",
        },
    ),
    Product(
        "Microsoft Exchange",
        identifying_names=("clientipaddress",),
        software="microsoft exchange",
        names={
            "clientipaddress": "client",
            "authenticateduser": "user",
            "method": "method",
            "urlhost": "host",
            "urlstem": "path",
            "urlquery": "query",
            "useragent": "user_agent",
            "httpstatus": "status",
            "requestbytes": "bytes_received",
            "responsebytes": "bytes",
            "totalrequesttime": "duration_ms",
            "requestid": "request_id",
            "targetserver": "upstream",
            "backendstatus": "upstream_status",
        },
    ),
    Product(
        "Forefront TMG or ISA Server",
        identifying_names=("c-agent", "s-object-source", "filterinfo", "cs-referred"),
        software="microsoft forefront",
        names={
            "c-agent": "user_agent",
            "cs-referred": "referrer",
            "cs-mime-type": "content_type",
            "r-host": "host",
            "s-operation": "method",
            "s-object-source": "cache_status",
        },
    ),
    Product(
        "Blue Coat ProxySG",
        identifying_names=(
            "s-action",
            "sc-filter-result",
            "x-exception-id",
            "s-hierarchy",
            "x-bluecoat-*",
        ),
        software="sgos",
        names={
            "s-action": "cache_status",
            "cs-uri-scheme": "scheme",
            "cs-uri-host": "host",
            "cs-uri-path": "path",
            # The whole address, without its query.
            "cs-uri-stem": "path",
            "s-supplier-name": "upstream",
        },
    ),
    Product(
        "Windows Media Services",
        identifying_names=("c-playerid", "c-playerversion", "x-duration"),
        software="windows media services",
        names={"c-status": "status", "x-duration": "duration_s"},
        escape="plus",
    ),
    Product("http.sys", identifying_names=("s-reason", "s-queuename"), escape="plus", quotes=False),
    Product(
        "Akamai",
        identifying_names=("cs-ip",),
        names={"cs-ip": "client"},
        escape="percent",
        open_unit=True,
    ),
    Product(
        "IIS Advanced Logging", identifying_names=("timetakenms",), software="iis advanced logging"
    ),
    Product(
        "IIS",
        identifying_names=("sc-substatus", "sc-win32-status", "s-sitename"),
        software="microsoft internet information",
        escape="plus",
        quotes=False,
    ),
)
"""Programs, the most specific first."""

OTHER = Product("W3C", escape="plus", open_unit=True)
"""Of a program that is not known: as most are made to be read by what reads IIS logs."""


def detect_product(names: Collection[str], software: str) -> Product:
    """The program that writes a log with these names, in small letters."""
    known = (product for product in PRODUCTS if product.matches(names, software))
    return next(known, OTHER)
