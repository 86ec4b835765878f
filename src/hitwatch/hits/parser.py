"""Lines of one format read into columns; opens no files."""

from __future__ import annotations

from collections.abc import Sequence

from hitwatch import _kernel
from hitwatch.formats.columns import Column
from hitwatch.formats.compile import MIN_IDENTIFYING_KEYS, compile_layouts, field_wordings
from hitwatch.formats.format import Format
from hitwatch.hits.batch import CLOCK_UNKNOWN, LINE_NUMBER, ClockState, Hits
from hitwatch.instants import Instant
from hitwatch.zones import Zone


class Parser:
    """Reads lines of one format into columns.

    Args:
        log_format: the format.
        columns: names of the columns to build; all the format can fill when ``None``. A
            column that is not built costs next to nothing. Where the format has none of
            them its first one is built, for hits are the rows of something.
        section_depth: how many path segments make a section.
        zone: where wall-clock times without an offset were written; UTC when ``None``.
        without_offsets: whether all times are taken for such, whatever offset they carry.
        year: the year of times that carry none.
        begun: when the log was begun, as it says itself: the day of times that carry none.
        line_numbers: whether to build the column ``line_number`` too.

    """

    def __init__(
        self,
        log_format: Format,
        *,
        columns: Sequence[str] | None = None,
        section_depth: int = 1,
        zone: Zone | None = None,
        without_offsets: bool = False,
        year: int | None = None,
        begun: Instant | None = None,
        line_numbers: bool = False,
    ) -> None:
        self.log_format = log_format
        available = log_format.columns
        asked = [column for column in available if columns is None or column.name in columns]
        self.columns: tuple[Column, ...] = (
            *(asked or available[:1]),
            *((LINE_NUMBER,) if line_numbers else ()),
        )
        self.names = frozenset(column.name for column in self.columns)
        built = {column.name: column for column in self.columns}
        # Whether `-` means no bytes or no answer depends on the status.
        hidden = [c for c in available if c.name == "status" and "bytes" in built]
        built |= {column.name: column for column in hidden}
        self._words = field_wordings(log_format)
        layouts, fields = compile_layouts(log_format)
        self._program = _kernel.Program(
            {
                "layouts": layouts,
                "fields": fields,
                "directives": [start.encode() for start in log_format.directives],
                "columns": [(column.name, column.type.value) for column in built.values()],
                "section_depth": section_depth,
                "host_in_target": log_format.has_host_in_target,
                "timed": any(column.name == "time" for column in available),
                "zone": list(zone.offsets) if zone else [],
                "without_offsets": without_offsets,
                "year": year,
                "begun": begun,
            }
        )

    def parse(
        self,
        data: bytes,
        *,
        first_line: int = 1,
        keep_rejects: int = 10,
        clock_state: ClockState = CLOCK_UNKNOWN,
        keep_values: bool = False,
    ) -> Hits:
        """Read whole lines; every line becomes one hit or one reject.

        Args:
            data: lines, each ended by a line feed; the last may lack it.
            first_line: number of the first line in its origin.
            keep_rejects: how many rejected lines to keep with their reasons.
            clock_state: after the hits before these.
            keep_values: whether texts are remembered from call to call, for a thread that counts
                the hits before it calls this again.

        """
        batch = self._program.parse(data, first_line, keep_rejects, clock_state, keep_values)
        return Hits(batch, data, self)

    def describe_reject(self, reason: str, field: int) -> str:
        """Why a line was rejected, for people.

        Args:
            reason: the kernel's name for it.
            field: index of the field that could not be read.

        """
        if reason == "values":
            delimited = self.log_format.lines[0].delimited
            return f"{field} values for {delimited.least if delimited else 0} fields"
        name, before, until, expected = self._words[field] if self._words else ("", "", "", "")
        product = self.log_format.name
        reasons = {
            "empty": "empty line",
            "prefix": f"does not begin with {before!r}",
            "unended": f"no {until!r} after {name}",
            "unquoted": f"no closing quote after {name}",
            "not_a_number": f"{name} is not a number",
            "not_a_time": f"{name} is not a time as the format writes it",
            "no_time": "no complete time",
            "trailing_text": f"text after {name}, where the line should end",
            "syntax": f"invalid {self.log_format.layout.value} from here on",
            "forbidden": f"{name} contains an invalid character",
            "not_a_request": f"{name} is not a request line",
            "missing": f"no {name}",
            "wrong_type": f"{name} is not {expected}",
            "untold": f"fewer than {MIN_IDENTIFYING_KEYS} of the keys that identify {product}",
            "unmatched": "does not match the pattern",
        }
        return reasons[reason]
