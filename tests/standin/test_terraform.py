"""The real AWS provider against the stand-in: a second plan is empty, and missing operations fail immediately."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from deploy.local.tools import TOOLS, ensure_terraform
from reconciler.edges.terraform.plugins import configure, find_mirrors
from tests.patience import PATIENCE

ROOT = Path(__file__).parent / "root"
MISSING = """
resource "aws_codestarconnections_connection" "this" {
  name          = var.name
  provider_type = "GitHub"
}
"""


class Terraform:
    """Terraform in its own directory, with the stand-in as AWS."""

    def __init__(self, directory: Path, standin: StandIn, name: str) -> None:
        self.directory = shutil.copytree(ROOT, directory / "root")
        self._program = ensure_terraform(TOOLS)
        self._environment = {
            "HOME": str(directory),
            "PATH": os.environ["PATH"],
            "TF_CLI_CONFIG_FILE": str(configure(directory, find_mirrors(os.environ)).configuration),
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_name": name,
            **standin.environment(),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._program), *arguments, "-no-color"],
            cwd=self.directory,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )


@pytest.mark.aws
def test_the_second_plan_is_empty_and_a_missing_operation_fails_without_retry(
    tmp_path: Path, standin: StandIn, name: str
) -> None:
    terraform = Terraform(tmp_path, standin, name)
    initialised = terraform.run("init", "-input=false")
    assert initialised.returncode == 0, initialised.stderr
    applied = terraform.run("apply", "-input=false", "-auto-approve")
    assert applied.returncode == 0, applied.stderr
    service = standin.client("ecs").describe_services(cluster=name, services=[name])["services"][0]
    assert (service["desiredCount"], service["runningCount"]) == (2, 2)  # raised by the scalable target

    planned = terraform.run("plan", "-input=false", "-detailed-exitcode")
    assert planned.returncode == 0, planned.stdout

    (terraform.directory / "missing.tf").write_text(MISSING)
    since = standin.last_request()
    refused = terraform.run("apply", "-input=false", "-auto-approve")
    assert "StandInNotImplemented" in refused.stderr
    attempts = [call for call in standin.requests(since) if call["operation"] == "CreateConnection"]
    assert len(attempts) == 1
