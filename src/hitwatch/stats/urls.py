"""What an address says: the site a visitor came from, static files, the shape of a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from hitwatch import _kernel
from hitwatch.patterns import Pattern
from hitwatch.stats.dimension import KernelLabel, Label

_OF_PAGES = """
    css js mjs map wasm webmanifest ico cur png jpg jpeg jpe gif svg svgz webp avif bmp tif tiff
    woff woff2 ttf otf eot swf
"""
_SOUND_AND_FILM = """
    mp3 m4a aac flac ogg oga opus wav mid mp4 m4v mov avi mkv mpeg mpg ogv webm wmv flv ts m3u8
"""
_DOCUMENTS = """
    pdf ps eps epub doc docx xls xlsx ppt pptx odt ods odp rtf txt csv md5 sha1 sha256
"""
_ARCHIVES_AND_PROGRAMS = """
    zip gz tgz bz2 tbz xz txz zst 7z rar tar jar war iso img dmg pkg exe msi deb rpm apk ipa bin
    cab crx xpi torrent
"""

STATIC: frozenset[str] = frozenset(
    (_OF_PAGES + _SOUND_AND_FILM + _DOCUMENTS + _ARCHIVES_AND_PROGRAMS).split()
)
"""Extensions, in lower case, of files a server sends as they are."""


class Site(KernelLabel, frozen=True, tag="site"):
    """The site that a Referer header names; ``None`` when it names none."""

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        return _kernel.Label.site()


class StaticFile(KernelLabel, frozen=True, tag="static_file"):
    """The path, when it is that of a file sent as it is; else ``None``.

    Attributes:
        extensions: of such files, in lower case.

    """

    extensions: frozenset[str] = STATIC

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        return _kernel.Label.files(self.extensions, True)


class Page(KernelLabel, frozen=True, tag="page"):
    """The path, unless it is that of a file sent as it is.

    Attributes:
        extensions: of such files, in lower case.

    """

    extensions: frozenset[str] = STATIC

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        return _kernel.Label.files(self.extensions, False)


class Answered(KernelLabel, frozen=True, tag="answered"):
    """The path behind a status, as in ``404 /a``, where that is one of some.

    Attributes:
        first: of the statuses.
        last: of them.

    """

    first: int
    last: int

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        return _kernel.Label.answered(self.first, self.last)


class AnsweredCollapsed(Label, frozen=True, tag="answered_collapsed"):
    """The same, with ``:id`` in place of ids.

    Attributes:
        first: of the statuses.
        last: of them.

    """

    first: int
    last: int

    def __call__(self, value: str) -> str | None:
        """The path of a status and a path."""
        path = Answered(self.first, self.last)(value)
        return None if path is None else collapse_ids(path)


def referring_site(referrer: str | None) -> str | None:
    """The site that a Referer header names.

    Args:
        referrer: the header, of any length and content.

    Returns:
        Its host in lower case, without user, port, ``www.`` and the final point; the package
        for ``android-app:``; ``None`` when it names none.

    """
    return Site()(referrer or "")


def is_static(path: str) -> bool:
    """Whether a path is that of a file sent as it is, told by its extension (``STATIC``)."""
    return StaticFile()(path) is not None


_ID = Pattern(
    r"""(?:[0-9]+
    |[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
    |(?=[a-f]*[0-9])[0-9a-f]{16,})
    (?P<extension>\.[a-z][a-z0-9]{0,9})?""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_YEAR = Pattern(r"(?:19|20)[0-9]{2}", re.ASCII)
_MONTH = Pattern(r"0?[1-9]|1[0-2]", re.ASCII)
_DAY = Pattern(r"0?[1-9]|[12][0-9]|3[01]", re.ASCII)
_DATE = Pattern(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)


def collapse_ids(path: str) -> str:
    """Put ``:id`` for the segments of a path that only distinguish things of one kind.

    These are numbers, UUIDs and hexadecimal words of 16 digits or more, also with an extension
    (``/photo/7.jpg`` becomes ``/photo/:id.jpg``). Dates stay: ``20240517``, and numbers that can be
    years, 1900 to 2099, with the month and day that follow, as in ``/2024/05/17``.
    """
    segments = path.split("/")
    # What would make the next segment part of a date: a month after a year, a day after that.
    following: Pattern[str] | None = None
    for index, segment in enumerate(segments):
        if _YEAR.fullmatch(segment):
            following = _MONTH
        elif following is not None and following.fullmatch(segment):
            following = _DAY if following is _MONTH else None
        else:
            following = None
            segments[index] = _collapse_segment(segment)
    return "/".join(segments)


def _collapse_segment(segment: str) -> str:
    match = _ID.fullmatch(segment)
    if match is None or _DATE.fullmatch(segment):
        return segment
    return f":id{match['extension'] or ''}"


class CollapsedIds(Label, frozen=True, tag="collapsed_ids"):
    """The path, with ``:id`` in place of ids."""

    def __call__(self, value: str) -> str:
        """As ``collapse_ids``."""
        return collapse_ids(value)


_pattern = cache(re.compile)
_PATHLESS = ("*", "(connect)", "(malformed)")


class Sections(Label, frozen=True, tag="sections"):
    """The section of a path, or of a request without one, whose section it is itself.

    Attributes:
        depth: how many segments make one.
        collapse: whether ids in it become ``:id``.
        groups: names of sections, and regular expressions of the paths that belong to them;
            the first that matches counts.

    """

    depth: int = 1
    collapse: bool = False
    groups: tuple[tuple[str, str], ...] = ()

    @property
    def by_parser(self) -> bool:
        """Whether the parser makes the same: they are but segments."""
        return not (self.collapse or self.groups)

    def __call__(self, value: str) -> str:
        """The section of a path."""
        if value in _PATHLESS:
            return value
        for name, pattern in self.groups:
            if _pattern(pattern).search(value):
                return name
        if not value.startswith("/"):
            return "(malformed)"
        section = "/" + "/".join(value.split("/", self.depth + 1)[1 : self.depth + 1])
        return collapse_ids(section) if self.collapse else section
