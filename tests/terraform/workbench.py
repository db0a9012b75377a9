"""A private copy of `terraform/` in which tests run the real terraform, each root initialised once.

State is local and thrown away: a backend override stands beside the roots, so the S3 backend is not needed to plan.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform.plans import Plan, read_plan
from tests.terraform.runs import PROJECT, run
from tests.terraform.warm import Warm

SOURCE = PROJECT / "terraform"
LOCK = ".terraform.lock.hcl"
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


@dataclass
class Workbench:
    """`environment` is what the runs get to find AWS; `warm` is the provider they attach to."""

    directory: Path
    environment: Mapping[str, str]
    warm: Warm
    ready: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        shutil.copytree(SOURCE, self.directory, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        for root in (self.directory / "roots").iterdir():
            (root / "backend_override.tf").write_text(LOCAL_BACKEND)

    def plan(self, root: str, variables: Mapping[str, Any]) -> Plan:
        """Plan a root of this copy. Raises: Refused."""
        folder = self.directory / root
        (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
        if not (folder / LOCK).exists():
            shutil.copy(SOURCE / "roots/service" / LOCK, folder)
        with self.warm.attached(folder, self.environment) as environment:
            if root not in self.ready:
                run(folder, environment, "init", "-input=false", "-no-color")
                self.ready.add(root)
            run(folder, environment, "plan", "-json", "-input=false", "-out=tfplan")
            return read_plan(json.loads(run(folder, environment, "show", "-json", "tfplan")))

    def apply(self, root: str) -> None:
        """Apply the last plan of a root. Raises: Refused."""
        folder = self.directory / root
        with self.warm.attached(folder, self.environment) as environment:
            run(folder, environment, "apply", "-json", "-input=false", "tfplan")
