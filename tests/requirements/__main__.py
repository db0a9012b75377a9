"""`python -m tests.requirements` writes the page; with `--check` it says what is missing, with exit code 1."""

from __future__ import annotations

import sys

from tests.requirements.check import problems
from tests.requirements.page import PAGE, render

if "--check" in sys.argv[1:]:
    found = list(problems())
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    sys.exit(bool(found))
PAGE.write_text(render())
