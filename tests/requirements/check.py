"""What of the requirements is not where the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tests.requirements.page import PAGE, ROOT, render
from tests.requirements.properties import PROPERTIES
from tests.requirements.tasks import TASKS

# Parts that are being written beside this one. Nothing may be missing that is not named here; empty it once all is in.
AWAITED = frozenset(
    {
        "terraform/environments", "terraform/roots/account", "terraform/modules/service/alarms.tf",
        *(f"terraform/modules/{name}" for name in ("access", "audit", "monitoring", "secrets", "settings")),
        *(f"test_property_{number:02}_" for number in (*range(1, 12), *range(16, 20), *range(21, 32), 33, 35,
                                                       *range(37, 48), *range(50, 57))),
    }
)  # fmt: skip


def problems() -> Iterator[str]:
    """Every path and test that the page names and that is missing, and a page that is not current."""
    paths = {path for entry in (*TASKS, *PROPERTIES) for path in entry.files}
    paths |= {path for task in TASKS for path in task.tests}
    for path in sorted(paths - AWAITED):
        if not (ROOT / path).exists():
            yield f"{path} does not exist"
    for entry in PROPERTIES:
        if not any(name.startswith(entry.test) for name in property_tests()) and entry.test not in AWAITED:
            yield f"no test begins with {entry.test}"
    if not PAGE.exists() or PAGE.read_text() != render():
        yield "docs/requirements.md is not current: run `python -m tests.requirements`"


@cache
def property_tests() -> frozenset[str]:
    """The names of all property tests."""
    files = (ROOT / "tests/terraform/properties").glob("test_*.py")
    return frozenset(
        name for file in files for name in re.findall(r"^def (test_property_\w+)\(", file.read_text(), re.MULTILINE)
    )
