"""Compare the page of requirements with the code and the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tests.requirements.page import PAGE, ROOT, render
from tests.requirements.properties import PROPERTIES
from tests.requirements.tasks import TASKS


def problems() -> Iterator[str]:
    """Every path and test that the page names and that is missing, and a page that is not current."""
    paths = {path for entry in (*TASKS, *PROPERTIES) for path in entry.files}
    paths |= {path for task in TASKS for path in task.tests}
    for path in sorted(paths):
        if not (ROOT / path).exists():
            yield f"{path} does not exist"
    for entry in PROPERTIES:
        if not any(name.startswith(entry.test) for name in property_tests()):
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
