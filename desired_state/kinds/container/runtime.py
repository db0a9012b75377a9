"""The runtime of a service: a word about the image, with defaults where the image has a program that we know."""

from collections.abc import Mapping
from typing import Final, Literal

# Node.js and Python have a usual port, variables, tests and a way to check themselves; the others are only words.
Runtime = Literal["nodejs", "python", "dotnet", "go", "java", "nginx", "php", "ruby", "rust"]

# Ports of public services without one of their own, as in `runtimes` of terraform/modules/service/task.tf.
USUAL_PORTS: Final[Mapping[str, int]] = {"nodejs": 3000, "python": 8000}


def is_known(runtime: str | None) -> bool:
    """Return whether the image has a program with which it can be tested, and a container can check itself."""
    return runtime in USUAL_PORTS
