"""Runs a command and prints, as JSON, its wall time, processor time and peak memory.

Use: ``python bench/launch.py COMMAND...``. It is a small process of its own, because the kernel
counts the memory of the process that starts another towards the peak of what is started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main(command: list[str]) -> int:
    """Run it, with its output thrown away; its exit code is passed on."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    figures = {
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss * 1024 / 1e6,
    }
    json.dump(figures, sys.stdout)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
