"""File descriptors of this process: as many as the system allows, and a share of them for connections.

Every connection, child process and client of AWS takes some. Many systems start a process with a soft limit of 1,024,
for the sake of programs that use `select`, and leave it to the process to raise that up to the hard limit
(`setrlimit(2)`; `LimitNOFILE=` in `systemd.exec(5)`). The daemon and what it starts use `epoll` and `poll`.
"""

import resource
from dataclasses import dataclass
from typing import Final

_ENOUGH: Final = 65_536  # some programs close every descriptor that they may have, one by one, when they start
_SHARE: Final = 4  # one of so many is for connections over TCP, and one for those over the unix socket
_MOST_CONNECTIONS: Final = 512


@dataclass(frozen=True, slots=True)
class Descriptors:
    """The limit that this process found and the one that it has now."""

    found: int
    now: int

    @property
    def connections(self) -> int:
        """Return how many connections each listener may have; at least half of all descriptors stay for other work."""
        return max(8, min(self.now // _SHARE, _MOST_CONNECTIONS))


def raise_limit() -> Descriptors:
    """Raise the soft limit of descriptors to the hard one, or as far as is of use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return Descriptors(soft, soft if soft != resource.RLIM_INFINITY else _ENOUGH)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return Descriptors(soft, wanted)
