"""How the allocator is told to treat many threads that take and free large pieces."""

from __future__ import annotations

import ctypes
from functools import cache

_MALLOC = {
    "M_ARENA_MAX": (-8, 2),
    "M_MMAP_THRESHOLD": (-3, 32 << 20),
    "M_TRIM_THRESHOLD": (-1, 64 << 20),
}
"""Settings of glibc's ``mallopt`` (its man page): their numbers and values."""


@cache
def bound_memory() -> None:
    """Have threads use again what they free, from now on, in the whole process.

    Each would else keep its own, up to half as much more, and pieces would be taken from the
    system and given back each time, which takes longer than to fill them. Where the allocator
    is another (musl, macOS), nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for number, value in _MALLOC.values():
            mallopt(number, value)
