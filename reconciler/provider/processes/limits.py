"""The limits of the warm provider's processes.

A process that reaches a limit of age, calls or memory is drained and replaced, so that a leak in the provider does not
accumulate. The limits are plain values, so that the code that configures the warm provider imports nothing else of it.
"""

from dataclasses import dataclass

from reconciler.provider.processes.memory import MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """The number of processes, and the limits after which one is ended or replaced."""

    processes: int = 0  # 0: as many as fit into the memory
    idle_seconds: float = 900.0
    age_seconds: float = 6 * 3600.0
    calls: int = 200_000
    rss_bytes: int = 2048 * MIB
    start_seconds: float = 60.0
    wait_seconds: float = 600.0  # for a process or a seat, when all are in use

    def options(self) -> tuple[str, ...]:
        """Return these limits as options of the command line `serve`."""
        return (
            f"--max-processes={self.processes}",
            f"--process-idle={self.idle_seconds}",
            f"--process-age={self.age_seconds}",
            f"--process-calls={self.calls}",
            f"--process-rss={self.rss_bytes}",
        )
