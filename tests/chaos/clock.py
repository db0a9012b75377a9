"""The daemon's clock: what it reads is shifted by what a file says, through a small library that goes before libc.

Only the wall clock is shifted; the monotonic one goes on, as it does when a machine's time is set. The daemon's
Terraform runs are not shifted (Go asks the kernel itself), nor is AWS. Without a C compiler there is no library and no
such fault.
"""

import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
_WIDTH = 8  # a long long


class Clock:
    """The clock of one daemon, not shifted yet. `works` is False where the library cannot be made."""

    def __init__(self, folder: Path) -> None:
        self._library, self._file = folder / "clock.so", folder / "clock"
        self._file.write_bytes(bytes(_WIDTH))
        self.works = _compile(self._library)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a process that lives by this clock."""
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._file)} if self.works else {}

    def shift(self, seconds: int) -> None:
        """Set it that many seconds ahead of the machine's, or back."""
        descriptor = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(descriptor, seconds.to_bytes(_WIDTH, "little", signed=True), 0)
        finally:
            os.close(descriptor)


def _compile(library: Path) -> bool:
    try:
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False
