"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, AnyStr, Generic


class Pattern(Generic[AnyStr]):
    """A regular expression. Most runs use few, and to compile all takes a tenth of a short one.

    Args:
        text: the expression.
        flags: those of ``re``.

    """

    def __init__(self, text: AnyStr, flags: int = 0) -> None:
        self._text: AnyStr = text
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[AnyStr]:
        return re.compile(self._text, self._flags)

    def match(self, text: AnyStr, begin: int = 0) -> re.Match[AnyStr] | None:
        """As of ``re.Pattern``."""
        return self._compiled.match(text, begin)

    def fullmatch(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """As of ``re.Pattern``."""
        return self._compiled.fullmatch(text)

    def search(
        self, text: AnyStr, begin: int = 0, end: int = sys.maxsize
    ) -> re.Match[AnyStr] | None:
        """As of ``re.Pattern``."""
        return self._compiled.search(text, begin, end)

    def finditer(self, text: AnyStr) -> Iterator[re.Match[AnyStr]]:
        """As of ``re.Pattern``."""
        return self._compiled.finditer(text)

    def findall(self, text: AnyStr) -> list[Any]:
        """As of ``re.Pattern``."""
        return self._compiled.findall(text)

    def sub(self, by: AnyStr | Callable[[re.Match[AnyStr]], AnyStr], text: AnyStr) -> AnyStr:
        """As of ``re.Pattern``."""
        return self._compiled.sub(by, text)
