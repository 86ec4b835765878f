"""What status codes are called: those of the registry, and those that servers invented."""

from __future__ import annotations

# https://www.iana.org/assignments/http-status-codes
_REGISTERED: dict[int, str] = {
    100: "Continue",
    101: "Switching Protocols",
    102: "Processing",
    103: "Early Hints",
    104: "Upload Resumption Supported",
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-Authoritative Information",
    204: "No Content",
    205: "Reset Content",
    206: "Partial Content",
    207: "Multi-Status",
    208: "Already Reported",
    226: "IM Used",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    305: "Use Proxy",
    306: "Switch Proxy",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    418: "I'm a Teapot",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates",
    507: "Insufficient Storage",
    508: "Loop Detected",
    510: "Not Extended",
    511: "Network Authentication Required",
}

# No registry forbids a server to invent; whose code it is tells what to look up.
_OWN: dict[int, str] = {
    -1: "No answer (HAProxy: ended before a status)",
    0: "No answer",
    419: "Page Expired (Laravel)",
    420: "Enhance Your Calm (Twitter)",
    430: "Request Refused (Shopify)",
    440: "Login Time-out (IIS)",
    444: "Closed Without Answer (nginx)",
    449: "Retry With (IIS)",
    450: "Blocked by Parental Controls (Windows)",
    460: "Client Closed Connection (AWS load balancer)",
    463: "Too Many Forwarded Addresses (AWS load balancer)",
    464: "Incompatible Protocol (AWS load balancer)",
    494: "Request Header Too Large (nginx)",
    495: "Client Certificate Error (nginx)",
    496: "Client Certificate Required (nginx)",
    497: "HTTP Sent to HTTPS Port (nginx)",
    498: "Invalid Token (ArcGIS)",
    499: "Client Closed Request (nginx)",
    509: "Bandwidth Limit Exceeded (cPanel)",
    520: "Unknown Error of Origin (Cloudflare)",
    521: "Origin Refused Connection (Cloudflare)",
    522: "Connection to Origin Timed Out (Cloudflare)",
    523: "Origin Unreachable (Cloudflare)",
    524: "Origin Took Too Long (Cloudflare)",
    525: "TLS Handshake With Origin Failed (Cloudflare)",
    526: "Invalid Certificate of Origin (Cloudflare)",
    527: "Railgun Error (Cloudflare)",
    529: "Site Overloaded (Qualys)",
    530: "Origin Error, See Body (Cloudflare)",
    561: "Unauthorized by Identity Provider (AWS load balancer)",
    598: "Network Read Timeout (proxies)",
    599: "Network Connect Timeout (proxies)",
    999: "Request Denied (LinkedIn)",
}

_CLASSES = ("informational", "success", "redirect", "client error", "server error")


def status_name(code: int | None) -> str:
    """Name a status code.

    Args:
        code: as logged; 0 where the server writes 000, ``None`` where it writes none.

    Returns:
        Its name, with whose it is when it is no registered one. A code nobody has named is
        told by its class.

    """
    if code is None:
        return "Not logged"
    name = _REGISTERED.get(code) or _OWN.get(code)
    if name is not None:
        return name
    if 100 <= code <= 599:
        return f"Unassigned {_CLASSES[code // 100 - 1]}"
    return "Not a status code"
