"""Who a client is behind proxies, and what of clients and queries need not be kept.

Everything here takes what strangers wrote, and never fails on it. The functions are made
for distinct values: call them once per text, not once per hit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, TypeAlias
from urllib.parse import unquote_plus

from hitwatch.errors import UsageError
from hitwatch.patterns import Pattern
from hitwatch.select.networks import Address, Networks, parse_address

REDACTED = "REDACTED"
"""What stands in place of what was taken out."""

Mode: TypeAlias = Literal["truncate", "hash"]
"""How addresses are made anonymous."""

_ABSENT = ("", "-")
_DECODINGS = 3
"""How often text may have been percent-encoded, one layer in the other."""


def trusted_client(client: str, forwarded_for: str | None, networks: Networks) -> str:
    """The client behind proxies that are trusted to name it.

    Each proxy appends the address it was called from, so the list is read from the right,
    and only as far as the addresses are trusted: what stands left of the first other
    address is that client's own claim. An entry that is not an address ends the list, too.

    Args:
        client: the peer, as logged.
        forwarded_for: the ``X-Forwarded-For`` header.
        networks: of the trusted proxies.

    Returns:
        The first address from the right that is not trusted; if all are, the leftmost;
        the peer, when it is not trusted itself.

    >>> proxies = Networks.of(["10.0.0.0/8"])
    >>> trusted_client("10.0.0.1", "8.8.8.8, 192.0.2.7, 10.0.0.2", proxies)
    '192.0.2.7'
    >>> trusted_client("192.0.2.9", "8.8.8.8", proxies)
    '192.0.2.9'

    """
    if not networks.contains(client):
        return client
    found = client
    for entry in _from_the_right(forwarded_for or ""):
        address = parse_address(entry.strip().strip('"'))
        if address is None:
            break
        found = str(address)
        if address not in networks:
            break
    return found


def _from_the_right(header: str) -> Iterator[str]:
    """Entries of a list with commas, read no further than they are asked for."""
    end = len(header)
    while end >= 0:
        start = header.rfind(",", 0, end)
        yield header[start + 1 : end]
        end = start


def anonymize(address: str, mode: Mode = "truncate", key: bytes = b"") -> str:
    """An anonymized address.

    Args:
        address: as logged, maybe with a port.
        mode: ``truncate`` keeps the first 24 bits of IPv4 and 48 of IPv6, and nothing of any
            other text; ``hash`` gives 16 hexadecimal digits that are the same for the
            same client and key.
        key: secret of the hash; without one, trying all addresses would undo it.

    Raises:
        UsageError: the hash has no key.

    >>> anonymize("192.0.2.77"), anonymize("2001:db8:1:2::3"), anonymize("dsl-7.example")
    ('192.0.2.0', '2001:db8:1::', 'REDACTED')

    """
    if mode == "hash" and not key:
        raise UsageError("addresses cannot be hashed without a key", hint="choose a secret one")
    if address in _ABSENT:
        return address
    known = parse_address(address)
    if mode == "hash":
        return _hash(address if known is None else str(known), key)
    return REDACTED if known is None else str(_truncate(known))


def _truncate(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return IPv4Address(int(address) & ~0xFF)
    # 6to4 has all of an IPv4 address in its first 48 bits.
    kept = 40 if address.sixtofour else 48
    return IPv6Address(int(address) >> (128 - kept) << (128 - kept))


def _hash(text: str, key: bytes) -> str:
    # It brings OpenSSL along, and few runs replace anything.
    from hashlib import blake2b

    # Keys of blake2b end at 64 bytes.
    short = key if len(key) <= 64 else blake2b(key).digest()
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=short).hexdigest()


_WORDS = Pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_WORDS = frozenset(
    {"auth", "authz", "code", "cred", "creds", "jwt", "key", "otp"}
    | {"pass", "passwd", "pin", "pw", "pwd", "sess", "sid", "sig"}
)
_SECRET_PARTS = Pattern(
    "token|passw|passphrase|passcode|secret|session|sessid|signature|jwt|credential|bearer"
    "|oauth|authori[sz]|authenti|authcode|authkey|apikey|csrf|xsrf|sid$|key$|auth$|^pwd|pwd$"
)
_HARMLESS = Pattern(r"[\w./~-]{0,12}")
"""Too short for any pattern below, and without what the short ones need."""
_MAIL = Pattern(r"[\w.+-]@[\w-]{1,63}\.\w")
_TOKEN = Pattern(
    r"eyJ[A-Za-z0-9_-]{10}|AKIA[0-9A-Z]{12}"
    r"|(?:gh[opsru]_|sk_live_|sk_test_|sk-|xox[abprs]-)[A-Za-z0-9_-]{12}"
)
_CARD = Pattern(r"(?<![0-9])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])")
_RUN = Pattern(r"[A-Za-z0-9]{24,}")
_BASE64 = Pattern(r"[A-Za-z0-9+/_-]{40,}")
_INNER_NAME = Pattern(r"""(?<![\w.-])([\w.-]++)[\]"']{0,2}\s{0,4}[=:]""")


def redact_query(query: str) -> str:
    """A query without what looks like secrets or names people.

    Replaced by ``REDACTED`` are the values of parameters with secret-looking names, and
    whatever looks like a mail address, a JWT or other token, a card number, or a long random
    string. It would rather take out too much: ``country_code`` goes with ``code``.

    Args:
        query: what follows the ``?``, percent-encoded or not.

    Returns:
        The same, otherwise unchanged.

    >>> redact_query("a=1&access_token=x7&next=%2Fin%3Fsid%3D4&q=ann@example.com")
    'a=1&access_token=REDACTED&next=REDACTED&q=REDACTED'

    """
    return "&".join(_redact_parameter(parameter) for parameter in query.split("&"))


_USER_INFO = Pattern("(?<=://)[^/?#]*@")
_QUERY_MARK = Pattern("[?#]")


def redact_url(url: str) -> str:
    """An address of the Web without what ``redact_query`` takes out, and without a user.

    Args:
        url: whole, or from the path on; a fragment is taken for a query.

    >>> redact_url("https://ann:pw@a.example/in?sid=4"), redact_url("/in#id_token=x")
    ('https://REDACTED@a.example/in?sid=REDACTED', '/in#id_token=REDACTED')

    """
    mark = _QUERY_MARK.search(url)
    end = mark.end() if mark else len(url)
    query = redact_query(url[end:]) if mark else ""
    return _USER_INFO.sub(f"{REDACTED}@", url[:end]) + query


def _redact_parameter(text: str) -> str:
    """One parameter, or several between semicolons, which some servers take for ampersands."""
    parts: list[str] = []
    redacting = False
    for part in text.split(";"):
        # Without a name it may be the rest of the secret before it.
        if redacting and "=" not in part:
            continue
        redacted = _redact_pair(part)
        redacting = redacted.endswith(REDACTED)
        parts.append(redacted)
    return ";".join(parts)


def _redact_pair(text: str) -> str:
    name, equals, value = text.partition("=")
    if _is_revealing(name):
        return REDACTED
    if not value:
        return text
    secret = _is_secret_parameter(name) or _is_revealing(value)
    return f"{name}{equals}{REDACTED}" if secret else text


@lru_cache(maxsize=1024)
def _is_secret_parameter(name: str) -> bool:
    """Whether a parameter has a secret name, percent-encoded or not."""
    return any(is_secret_name(layer) for layer in _decode_layers(name))


def _decode_layers(text: str) -> Iterator[str]:
    """The text, and what it is without one and more percent-encodings."""
    yield text
    for _ in range(_DECODINGS):
        decoded = unquote_plus(text)
        if decoded == text:
            return
        yield decoded
        text = decoded


def is_secret_name(name: str) -> bool:
    """Whether what is called so should be kept secret; the name is not percent-encoded."""
    words = [word.lower() for word in _WORDS.findall(name)]
    # Names without joints are searched whole, and so are those with joints, joined.
    joined = "".join(words)
    return any(word in _SECRET_WORDS or _SECRET_PARTS.search(word) for word in words) or bool(
        _SECRET_PARTS.search(joined)
    )


def _is_revealing(value: str) -> bool:
    if _HARMLESS.fullmatch(value):
        return False
    return any(_looks_secret(layer) for layer in _decode_layers(value))


def _looks_secret(value: str) -> bool:
    if _MAIL.search(value) or _TOKEN.search(value):
        return True
    if any(is_secret_name(name) for name in _INNER_NAME.findall(value)):
        return True
    cards = (re.sub("[ -]", "", card) for card in _CARD.findall(value))
    return any(_passes_luhn(card) for card in cards) or _is_random(value)


def _passes_luhn(digits: str) -> bool:
    """Whether the check digit is right, as of card numbers."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_random(value: str) -> bool:
    """Whether there is a long piece of letters and digits such as no person writes."""
    runs = (run for run in _RUN.findall(value) if sum(map(str.isdigit, run)) >= 2)
    if any(not run.isdigit() for run in runs):
        return True
    return any(
        sum(map(str.isdigit, run)) >= 4 and run.lower() != run != run.upper()
        for run in _BASE64.findall(value)
    )
