"""Compiles the TOML files of formats and of known bots to the files that are loaded at start.

Use: ``.venv/bin/python bench/compile_data.py``, which ``make formats`` does; with ``--check`` it
only says whether they are as they should be.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hitwatch.formats import shelf
from hitwatch.stats import user_agents

SOURCE = Path(__file__).parents[1] / "src" / "hitwatch"
FORMATS = SOURCE / "formats" / shelf.COMPILED
BOTS = SOURCE / "stats" / user_agents.COMPILED


def compiled() -> dict[Path, bytes]:
    """What each compiled file should hold.

    Raises:
        FormatError: the file of a format is wrong.

    """
    bots = (SOURCE / "stats" / "bots.toml").read_text("utf-8")
    return {
        FORMATS: shelf.compile_folder(SOURCE / "formats" / "builtin"),
        BOTS: user_agents.compile_bots(bots),
    }


def main() -> int:
    """Write the files; with ``--check`` end with 1 where one is not as it should be."""
    changed = {
        path: data
        for path, data in compiled().items()
        if not path.exists() or path.read_bytes() != data
    }
    if "--check" in sys.argv[1:]:
        for path in changed:
            print(f"{path.name} is not up to date: run `make formats`", file=sys.stderr)
        return int(bool(changed))
    for path, data in changed.items():
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
