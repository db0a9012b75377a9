"""Deployment of `deploy/ecs` on the AWS stand-in, and the resulting environment of its container.

Applies the same Terraform as for AWS, in a copy with a local state; the network and the secrets that it takes as inputs
are created first. A daemon started with the environment that `deploy(…)` returns is configured as in its ECS task.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from deploy.local.standin import StandIn
from deploy.local.tools import TOOLS, ensure_terraform
from reconciler.edges.terraform.plugins import configure, find_mirrors

SOURCE = Path(__file__).resolve().parents[1] / "ecs"
ACCOUNT = "123456789012"
PATIENCE = 300.0
SECRETS = ("RECONCILER__AUTH__TOKEN", "RECONCILER__REDACTION__KEY")
_PASSED_ON = ("HOME", "LANG", "PATH", "TMPDIR")
_LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'


class DeployFailed(Exception):
    """Terraform failed; the message is its output."""


@dataclass(frozen=True, slots=True)
class Root:
    """A private copy of `deploy/ecs` or of a root below it, with its own state."""

    folder: Path
    aws: StandIn

    @classmethod
    def copy(cls, source: Path, folder: Path, aws: StandIn, **more: Any) -> Self:
        """Copy the root's files, once, and initialise it; `more` are fields of a subclass. Raises: DeployFailed."""
        root = cls(folder, aws, **more)
        if not folder.exists():
            folder.mkdir(parents=True)
            for file in (*source.glob("*.tf"), source / ".terraform.lock.hcl"):
                shutil.copy(file, folder)
            (folder / "backend_override.tf").write_text(_LOCAL_STATE)
            root.run("init", "-input=false", "-no-color")
        return root

    def plan(self, variables: Mapping[str, Any], *, refresh: bool = True) -> dict[str, Any]:
        """Plan with these variables and return the document of `terraform show -json`. Raises: DeployFailed."""
        (self.folder / "terraform.tfvars.json").write_text(json.dumps(variables))
        self.run("plan", "-input=false", "-no-color", "-out=tfplan", f"-refresh={str(refresh).lower()}")
        document: dict[str, Any] = json.loads(self.run("show", "-json", "tfplan"))
        return document

    def apply(self) -> dict[str, Any]:
        """Apply the last plan and return the outputs by name. Raises: DeployFailed."""
        self.run("apply", "-input=false", "-no-color", "tfplan")
        return {name: output["value"] for name, output in json.loads(self.run("output", "-json")).items()}

    def run(self, *arguments: str) -> str:
        """Run Terraform in the copy and return its stdout. Raises: DeployFailed."""
        with self.environment() as environment:
            finished = subprocess.run(
                [str(ensure_terraform(TOOLS)), *arguments],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        if finished.returncode != 0:
            raise DeployFailed(finished.stdout[-2000:] + finished.stderr)
        return finished.stdout

    @contextmanager
    def environment(self) -> Iterator[Mapping[str, str]]:
        """Yield the environment of Terraform, for the length of one run."""
        yield {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            **self.aws.environment(),
            "TF_CLI_CONFIG_FILE": str(configure(self.folder.parent, find_mirrors(os.environ)).configuration),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }


def create_prerequisites(aws: StandIn) -> dict[str, Any]:
    """Create the network and the secrets that `deploy/ecs` needs. Returns them as its variables."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.200.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.200.{16 * n}.0/20", AvailabilityZone=f"{aws.region}{zone}")
        for n, zone in enumerate("ab")
    ]
    manager = aws.client("secretsmanager")
    arns = {
        name: manager.create_secret(Name=f"reconciler/{name}-{vpc}", SecretString=secrets.token_hex(32))["ARN"]
        for name in SECRETS
    }
    return {
        "account": {"id": ACCOUNT, "region": aws.region},
        "aws": {"s3_use_path_style": True},
        "network": {"vpc_id": vpc, "subnet_ids": [subnet["Subnet"]["SubnetId"] for subnet in subnets]},
        "secrets": arns,
    }


def deploy(
    aws: StandIn,
    folder: Path,
    *,
    manifests: Mapping[str, str],
    environments: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, str],
    **more: Any,
) -> dict[str, str]:
    """Apply `deploy/ecs` and return the environment of its container, secrets included.

    `manifests`, `environments` and `more` are variables of that root; `settings` are the settings that differ on this
    machine: data folder, port, path of `terraform/`. Raises: DeployFailed.
    """
    local = dict(settings) | {"RECONCILER__STORE__ENDPOINT": aws.endpoint}
    inputs = {"manifests": manifests, "environments": environments, "settings": local, **more}
    variables = create_prerequisites(aws) | inputs
    root = Root.copy(SOURCE, folder / "ecs", aws)
    root.plan(variables)
    return container_environment(root.apply(), aws)


def container_environment(outputs: Mapping[str, Any], aws: StandIn) -> dict[str, str]:
    """Return the variables that ECS sets in the container, with the values of the secrets."""
    manager = aws.client("secretsmanager")
    values = {name: manager.get_secret_value(SecretId=arn)["SecretString"] for name, arn in outputs["secrets"].items()}
    return {**outputs["environment"], **values}
