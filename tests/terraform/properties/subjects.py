"""The subjects of the properties: a module or root of `terraform/`, generated and planned a hundred times in one plan.

A plan has a root that calls the subject once per instance. A module has no provider of its own and gets a plain one. A
root has one, with default tags made from its variables; that file is moved out of the root to where it is called from,
and the instances that share those variables share a plan.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.terraform.inputs import Variables

CALL = "of"
INSTANCES = 100
NOTHING: Variables = {}

PROVIDER = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 5.100.0"
    }
  }
}
provider "aws" {
  region = "eu-central-1"
}
"""
OFFLINE = """
terraform {
  backend "local" {}
}
provider "aws" {
  allowed_account_ids         = null
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
"""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """`variables` makes the variables of one instance, given those that all instances of its plan share.

    `shared` makes the latter: only a root needs them, because its provider is made from them."""

    path: str
    variables: Callable[[Variables], st.SearchStrategy[Variables]]
    shared: st.SearchStrategy[Variables] | None = None
    plans: int = 4  # a plan's time grows a little faster than the number of its resources
    instances: int = INSTANCES

    @property
    def name(self) -> str:
        return self.path.replace("/", "-")

    def generate(self, number: int) -> list[list[Variables]]:
        """The instances of every plan, by a seed."""
        tops = draw(self.shared, self.plans, number) if self.shared is not None else [NOTHING] * self.plans
        each = -(-self.instances // self.plans)
        return [
            [top | rest for rest in draw(self.variables(top), each, number + index)] for index, top in enumerate(tops)
        ]

    def write(self, tree: Path, instances: Sequence[Variables]) -> Path:
        """The root that calls the subject, in a copy of `terraform/`. Returns its directory."""
        root = tree / "called" / self.name
        root.mkdir(parents=True, exist_ok=True)
        shutil.copy(tree / "roots/service/.terraform.lock.hcl", root)
        providers = tree / self.path / "providers.tf"
        if self.shared is not None:
            (root / "providers.tf").write_text(providers.read_text())
            providers.unlink()
        else:
            (root / "providers.tf").write_text(PROVIDER)
        (root / "offline_override.tf").write_text(OFFLINE)
        names = sorted({name for instance in instances for name in instance})
        (root / "main.tf.json").write_text(json.dumps(self._main(names)))
        return root

    def arguments(self, instances: Iterable[Variables]) -> Variables:
        """The variables of that root."""
        calls = dict(zip(keys(), instances, strict=False))
        first = calls["i000"]
        return {"instances": calls} | ({name: first[name] for name in self._provider_needs(first)})

    def _main(self, names: Sequence[str]) -> Variables:
        # Through a variable, or Terraform would stop at what it can tell from the text alone.
        passed = {name: f"${{try(each.value.{name}, null)}}" for name in names}
        call = {"source": f"../../{self.path}", "for_each": "${var.instances}", **passed}
        declared = ["instances", *self._provider_needs(dict.fromkeys(names))]
        return {"variable": {name: {"type": "any"} for name in declared}, "module": {CALL: call}}

    def _provider_needs(self, instance: Variables) -> list[str]:
        return [] if self.shared is None else [name for name in ("environment", "aws", "tags") if name in instance]


def keys() -> Iterable[str]:
    return (f"i{number:03}" for number in range(1000))


def draw(strategy: st.SearchStrategy[Any], count: int, number: int) -> list[Any]:
    """Return that many examples, the same for the same seed. Hypothesis begins with the simplest one."""
    drawn: list[Any] = []

    @seed(number)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(value: Any) -> None:
        drawn.append(value)

    while len(drawn) < count:  # Hypothesis ends early when it has seen all there is
        collect()
    return drawn[:count]
