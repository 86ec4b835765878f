"""What the address of a client says."""

from __future__ import annotations

from collections.abc import Callable

from hitwatch import _kernel
from hitwatch.stats.dimension import KernelLabel


class Network(KernelLabel, frozen=True, tag="network"):
    """The network that a client is likely to have all of: /24 of IPv4, /48 of IPv6."""

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        return _kernel.Label.network()


class Family(KernelLabel, frozen=True, tag="family"):
    """Which protocol of addresses a client has; a name has none."""

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        return _kernel.Label.family()
