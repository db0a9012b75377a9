"""The subjects of the properties: a module or root of `terraform/`, generated and planned a hundred times in one plan.

A plan has a root that calls the subject once per instance. A module has no provider of its own and gets a plain one. A
root has one, with default tags made from its variables; that file is moved out of the root to where it is called from,
and the instances that share those variables share a plan.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.terraform.inputs import Variables

CALL = "of"
INSTANCES = 100
NEEDED = ("environment", "aws", "tags")
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

    def write(self, root: Path, calls: Mapping[str, Sequence[Variables]]) -> None:
        """Write a root that calls the subject for some instances, in the copies of `terraform/` that lie beside it.

        The copies have the names of the calls.
        """
        root.mkdir()
        first, *others = (root.parent / call for call in calls)
        shutil.copy(first / "roots/service/.terraform.lock.hcl", root)
        (root / "providers.tf").write_text(self.provider(first))
        if self.shared is not None:
            for tree in (first, *others):
                (tree / self.path / "providers.tf").unlink()
        (root / "offline_override.tf").write_text(OFFLINE)
        needed = self.provider_variables(next(iter(calls.values()))[0])
        instances = {call: dict(zip(keys(), some, strict=False)) for call, some in calls.items()}
        names = sorted({name for some in calls.values() for instance in some for name in instance})
        (root / "main.tf.json").write_text(json.dumps(self._main(instances, names, needed)))
        (root / "terraform.tfvars.json").write_text(json.dumps({"instances": instances} | needed))

    def _main(self, calls: Iterable[str], names: Sequence[str], needed: Iterable[str]) -> Variables:
        # Through a variable, or Terraform would stop at what it can tell from the text alone.
        passed = {name: f"${{try(each.value.{name}, null)}}" for name in names}
        return {
            "variable": {name: {"type": "any"} for name in ("instances", *needed)},
            "module": {
                call: {"source": f"../{call}/{self.path}", "for_each": f"${{var.instances.{call}}}", **passed}
                for call in calls
            },
        }

    def provider(self, tree: Path) -> str:
        """Return the configuration of the provider with which the subject is planned."""
        return PROVIDER if self.shared is None else (tree / self.path / "providers.tf").read_text()

    def provider_variables(self, instance: Variables) -> Variables:
        """Return what the provider is made from, of the variables of an instance."""
        return {name: instance[name] for name in NEEDED if name in instance} if self.shared is not None else {}


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
