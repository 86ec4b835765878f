"""Real logrotate under a fast writer: is each line counted once?

    python bench/rotating.py [--seconds 60] [--rate 50000] [--every 1.0] [WAY...]

A writer appends lines to a log, logrotate rotates it in one way after the other, and a watch
counts. Afterwards all lines are counted in all files that are left, which is what logrotate has
kept: with ``copytruncate`` it loses what is written between its copy and its truncation.
"""

from __future__ import annotations

import argparse
import gzip
import json
import lzma
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

WAYS = {
    "rename": "create",
    "compress": "create\ncompress",
    "delaycompress": "create\ncompress\ndelaycompress",
    "dateext": "create\ndateext\ndateformat -%Y%m%d-%s",
    "dateext xz": "create\ndateext\ndateformat -%Y%m%d-%s\ncompress\ncompresscmd xz"
    "\ncompressext .xz",
    "copytruncate": "copytruncate",
    "copytruncate compress": "copytruncate\ncompress",
    "copytruncate dateext": "copytruncate\ndateext\ndateformat -%Y%m%d-%s",
}

_SETTINGS = """{log} {{
    rotate 10000
    missingok
    {way}
    postrotate
        touch {flag}
    endscript
}}
"""
_BATCH_S = 0.01
_LOST = re.compile(r"([0-9,]+) bytes that had not been read are in no file any more")


class Outcome(NamedTuple):
    """What became of the lines.

    Attributes:
        way: how the log was rotated.
        rotations: how often.
        written: lines.
        kept: lines that stand whole in some file afterwards.
        hits: lines that the watch counted.
        rejects: lines that it took for none.
        told_lost: bytes that it said are in no file any more.
        sizes_agree: whether the numbers that the lines hold add up to what was written.

    """

    way: str
    rotations: int
    written: int
    kept: int
    hits: int
    rejects: int
    told_lost: int
    sizes_agree: bool

    @property
    def is_right(self) -> bool:
        """Whether nothing is lost or counted twice but for what logrotate itself has lost."""
        if not self.way.startswith("copytruncate"):
            return self.hits == self.written and self.sizes_agree and not self.told_lost
        return self.kept <= self.hits + self.rejects and self.hits <= self.written


def write(log: Path, flag: Path, rate: float, seconds: float) -> tuple[int, int]:
    """Write lines, as a server that opens its log anew when it is told to.

    Returns:
        How many, and the sum of the bytes that they say were sent.

    """
    number = total = 0
    begun = time.monotonic()
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    while (passed := time.monotonic() - begun) < seconds:
        if flag.exists():
            flag.unlink()
            os.close(descriptor)
            descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        first, number = number, int(passed * rate)
        data = "".join(
            f'192.0.2.{each % 250} - - [{stamp}] "GET /{each % 7}/x HTTP/1.1" 200 {each} "-" "w"\n'
            for each in range(first, number)
        )
        total += sum(range(first, number))
        os.write(descriptor, data.encode())
        time.sleep(_BATCH_S)
    os.close(descriptor)
    return number, total


def kept_lines(folder: Path) -> int:
    """How many whole lines all files of a folder hold."""
    count = 0
    for path in folder.glob("access.log*"):
        data = path.read_bytes()
        unpack = {".gz": gzip.decompress, ".xz": lzma.decompress}.get(path.suffix)
        for line in (unpack(data) if unpack else data).splitlines(keepends=True):
            count += line.startswith(b"192.") and line.endswith(b'"w"\n')
    return count


def rotated(way: str, seconds: float, rate: float, every: float) -> Outcome:
    """Rotate in one way while lines are written and watched."""
    folder = Path(tempfile.mkdtemp(prefix="hitwatch-rotating-"))
    try:
        return _rotated(folder, way, seconds, rate, every)
    finally:
        shutil.rmtree(folder)


def _rotated(folder: Path, way: str, seconds: float, rate: float, every: float) -> Outcome:
    log, flag, settings = folder / "access.log", folder / "reopen", folder / "logrotate.conf"
    log.touch()
    settings.write_text(_SETTINGS.format(log=log, flag=flag, way=WAYS[way].replace("\n", "\n    ")))
    words = [sys.executable, "-m", "hitwatch", "watch", str(log), "--output-format", "jsonl"]
    told = (folder / "told").open("w+")
    said = (folder / "said").open("w+")
    watch = subprocess.Popen([*words, "--every", "1s"], stdout=said, stderr=told, text=True)
    while not (folder / "told").stat().st_size:
        time.sleep(0.05)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, json.dumps(write(log, flag, rate, seconds)).encode())
        os._exit(0)
    rotations = 0
    program = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin") or "logrotate"
    rotate = [program, "-f", "-s", str(folder / "state"), str(settings)]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(every)
        # With names by the second it rotates once in each, and refuses more.
        rotations += not subprocess.run(rotate, check=False, capture_output=True).returncode
    os.waitpid(child, 0)
    written, total = json.loads(os.read(reader, 1000))
    time.sleep(3)
    watch.send_signal(signal.SIGINT)
    watch.wait(60)
    said.seek(0)
    told.seek(0)
    stats = [json.loads(line) for line in said]
    end = next((each for each in stats if each["type"] == "end"), None)
    if end is None:
        raise SystemExit(f"the watch ended with {watch.returncode}: {told.read()}")
    size = sum(each["bytes"] for each in stats if each["type"] == "stats")
    lost = sum(int(number.replace(",", "")) for number in _LOST.findall(told.read()))
    hits, rejects = end["hits"], end["rejects"]
    kept = kept_lines(folder)
    return Outcome(way, rotations, written, kept, hits, rejects, lost, size == total)


def main(words: Sequence[str] | None = None) -> int:
    """Run; 1 when anything was lost or counted twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=50_000)
    parser.add_argument("--every", type=float, default=1.0)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=", ".join(WAYS))
    chosen = parser.parse_args(words)
    wrong = False
    for way in chosen.ways or WAYS:
        found = rotated(way, chosen.seconds, chosen.rate, chosen.every)
        wrong |= not found.is_right
        print(
            f"{way}: {found.rotations} rotations, {found.written:,} lines written,"
            f" {found.kept:,} in the files, {found.hits:,} counted + {found.rejects:,} rejects,"
            f" {found.told_lost:,} bytes said to be lost:"
            f" {'right' if found.is_right else 'WRONG'}",
            flush=True,
        )
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
