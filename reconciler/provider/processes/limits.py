"""The limits of the warm provider's processes.

A process that grew old, big or busy is drained and replaced, so that a leak in the provider never becomes ours. They
are plain values, so that whoever configures the warm provider needs nothing of its machinery.
"""

from dataclasses import dataclass

from reconciler.provider.processes.memory import MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """When a process is replaced, and how many there may be."""

    processes: int = 0  # 0: what the memory allows
    idle_seconds: float = 900.0
    age_seconds: float = 6 * 3600.0
    calls: int = 200_000
    rss_bytes: int = 2048 * MIB
    start_seconds: float = 60.0
    wait_seconds: float = 600.0  # for a process or a seat when all are taken

    def options(self) -> tuple[str, ...]:
        """The command-line options that say the same."""
        return (
            f"--max-processes={self.processes}",
            f"--process-idle={self.idle_seconds}",
            f"--process-age={self.age_seconds}",
            f"--process-calls={self.calls}",
            f"--process-rss={self.rss_bytes}",
        )
