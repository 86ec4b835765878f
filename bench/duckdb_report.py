"""Nine panels of a combined log by DuckDB alone: the peer that reports are measured against.

Use: ``python bench/duckdb_report.py LOG OUT.json``. One parallel pass: the CSV reader takes the
line apart (spaces between, quotes around, backslashes before quotes), grouping sets count all
panels at once, and visitors are estimated by HyperLogLog. Each of these was the fastest of what was
tried: a regular expression in place of the CSV reader, a table in between, and exact counts all
take longer.
"""

from __future__ import annotations

import sys

import duckdb

TYPES = {
    "client": "VARCHAR",
    "ident": "VARCHAR",
    "user": "VARCHAR",
    "stamp": "VARCHAR",
    "zone": "VARCHAR",
    "request": "VARCHAR",
    "status": "USMALLINT",
    "bytes": "BIGINT",
    "referrer": "VARCHAR",
    "agent": "VARCHAR",
}
PANELS = ("day", "hour", "section", "path", "missing", "client", "site", "status", "agent")
SHOWN = 1000

# Which panel a row belongs to: a bit for each column that it is not grouped by, the first highest.
GROUPED = f"grouping_id({', '.join(PANELS)})"
WHOLE = (1 << len(PANELS)) - 1

REPORT = f"""
COPY (
    WITH lines AS (
        FROM read_csv(
            $log, columns = {TYPES}, auto_detect = false, header = false, delim = ' ',
            quote = '"', escape = '\\', nullstr = '-', strict_mode = false, ignore_errors = true
        )
    ),
    hits AS (
        SELECT
            client,
            status,
            agent,
            coalesce(bytes, 0) AS bytes,
            substring(stamp, 2, 11) AS day,
            substring(stamp, 14, 2) AS hour,
            split_part(split_part(request, ' ', 2), '?', 1) AS path,
            '/' || split_part(path, '/', 2) AS section,
            CASE WHEN status = 404 THEN path END AS missing,
            split_part(referrer, '/', 3) AS site,
            hash(client, agent, day) AS visitor
        FROM lines
    ),
    rows AS (
        SELECT
            list_extract({list(PANELS)}, {len(PANELS)} - log2({WHOLE} - {GROUPED})::INT) AS panel,
            coalesce({", ".join(f"{panel}::VARCHAR" for panel in PANELS)}) AS key,
            count(*) AS hits,
            approx_count_distinct(visitor) AS visitors,
            sum(bytes) AS bytes
        FROM hits
        GROUP BY GROUPING SETS ({", ".join(f"({panel})" for panel in PANELS)})
    )
    SELECT panel, key, hits, visitors, bytes
    FROM rows
    WHERE key IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY panel ORDER BY hits DESC) <= {SHOWN}
    ORDER BY panel, hits DESC
) TO $out (FORMAT json)
"""


def main(log: str, out: str) -> None:
    """Write the panels of a log, a row a line."""
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(REPORT, {"log": log, "out": out})


if __name__ == "__main__":
    main(*sys.argv[1:])
