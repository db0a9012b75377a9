"""Terraform for tests: in separate directories, with an explicit environment, plainly or attached."""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.standin import StandIn
from reconciler.provider.client import Attachment
from reconciler.provider.package import Binary
from tests.patience import PATIENCE

ROOT = """
terraform {{
  required_providers {{ aws = {{ source = "hashicorp/aws" }} }}
  {backend}
}}
provider "aws" {{
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
  default_tags {{ tags = {{ owner = "{name}" }} }}
}}
resource "aws_ssm_parameter" "this" {{
  name  = "/{name}"
  type  = "String"
  value = "{value}"
}}
output "version" {{ value = aws_ssm_parameter.this.version }}
"""
PLAIN = Attachment()


def mirrors() -> list[Path]:
    """Return the directories that may have an unpacked provider."""
    named = os.environ.get("RECONCILER_PLUGIN_MIRROR")
    return [
        *([Path(named)] if named else []),
        *sorted(Path("/opt").glob("*")),
        Path.home() / ".terraform.d" / "plugins",
    ]


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform runs in sub-directories of a directory, with an explicit environment."""

    directory: Path
    binary: Binary
    standin: StandIn

    def environment(self, **more: str) -> dict[str, str]:
        mirror = str(self.binary.path.parents[5])
        settings = self.directory / "cli.tfrc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
        base = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "TF_CLI_CONFIG_FILE": str(settings)}
        # With the default of 100, Go spends a quarter of a plan on collecting garbage.
        return base | self.standin.environment() | {"CHECKPOINT_DISABLE": "1", "GOGC": "600"} | more

    def root(self, where: str, *, name: str, value: str = "one", more: str = "", backend: str = "") -> Path:
        path = self.directory / where
        path.mkdir(exist_ok=True)
        text = (ROOT + more).format(name=name, value=value, backend=backend)
        (path / "main.tf").write_text(text)
        return path

    async def start(
        self, root: Path, environment: Mapping[str, str], attachment: Attachment, *arguments: str
    ) -> asyncio.subprocess.Process:
        with (root / "output").open("wb") as output:
            return await asyncio.create_subprocess_exec(
                "terraform", *arguments, cwd=root, env={**environment, **attachment.environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    async def run(
        self, root: Path, environment: Mapping[str, str], attachment: Attachment, *arguments: str, code: int = 0
    ) -> str:
        process = await self.start(root, environment, attachment, *arguments)
        returned = await asyncio.wait_for(process.wait(), PATIENCE)
        output = (root / "output").read_text()
        assert returned == code, output
        return output

    def asked(self, operation: str, since: int) -> Callable[[], bool]:
        """Return a condition: the stand-in got this operation after the request `since`."""
        return lambda: any(call["operation"] == operation for call in self.standin.requests(since))

    async def plan(self, root: Path, environment: Mapping[str, str], attachment: Attachment, code: int) -> Any:
        """Plan. Returns the plan as `terraform show -json` prints it, without its time."""
        await self.run(root, environment, attachment, "plan", "-out=p", "-detailed-exitcode", code=code)
        shown = json.loads(await self.run(root, environment, attachment, "show", "-json", "p"))
        return {name: value for name, value in shown.items() if name != "timestamp"}


def state_of(root: Path) -> dict[str, Any]:
    """Read a root's state, without its lineage and with sensitive attributes sorted (terraform writes any order)."""
    state: dict[str, Any] = json.loads((root / "terraform.tfstate").read_text())
    for resource in state["resources"]:
        for instance in resource["instances"]:
            instance["sensitive_attributes"].sort(key=json.dumps)
    return {name: value for name, value in state.items() if name != "lineage"}
