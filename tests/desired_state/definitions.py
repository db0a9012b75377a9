"""Definitions that teams run with other tools, as manifests, with the features that they need.

They are short equivalents in our words of public definitions. `WAITING` names those that use a field that this version
does not have yet; `REFUSED` those that Fargate, or the version of the AWS provider, cannot do, with the reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from desired_state.snapshot import Snapshot, build
from tests.desired_state.manifests import DEVELOP, ROOTS, platform, to_yaml

FOLDER: Final = Path(__file__).parent / "real"
# The list only ever gets shorter: a definition that is valid, or refused as below, has to be taken off.
WAITING: Final[Mapping[str, str]] = {"03-copilot-nlb": "no network load balancer can be said (`listeners`)"}
REFUSED: Final[Mapping[str, str]] = {
    "12-pipecd-bluegreen": "strategy blueGreen needs version 6.4.0 of the AWS provider",
}


@dataclass(frozen=True, slots=True)
class Definition:
    """One file: its name, its text, and the lines at its head."""

    name: str
    text: str

    def said(self, word: str) -> str:
        """Return a line of the head, such as `Features`; the empty text if it has none."""
        found = re.search(rf"^# {word}: (.*)$", self.text, re.MULTILINE)
        return found[1] if found else ""

    @property
    def result(self) -> str:
        """Return what becomes of it, as the table of the page says it."""
        if self.name in WAITING:
            return f"not yet: {WAITING[self.name]}"
        return f"refused: {REFUSED[self.name]}" if self.name in REFUSED else "planned"


def definitions() -> tuple[Definition, ...]:
    """Return every definition."""
    return tuple(Definition(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.yaml")))


def validated(text: str) -> Snapshot:
    """Return a commit with the manifests of one file and a platform, in an environment that allows everything."""
    files = {"service.yaml": text.encode(), "platform.yaml": to_yaml(platform())}
    return build(commit="c", files=files, roots=ROOTS, environments=DEVELOP)
