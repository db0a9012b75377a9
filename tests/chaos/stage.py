"""The daemon with a root of real AWS resources, what of it can be killed, and what must hold when it rests again.

The root's resources can be made twice without harm (a parameter that overwrites, a queue that has its name as its
identity). A provider that is killed between AWS's answer and its own takes the knowledge of what it made with it, with
plain Terraform as well; the next run adopts it. What is shown is that nothing else is lost.
"""

import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import yaml

from reconciler.app.parts import provider_directory
from tests.e2e.daemon import Daemon, module
from tests.provider.conftest import processes

LOCK_FILE = Path(__file__).resolve().parents[2] / "terraform" / "roots" / "service" / ".terraform.lock.hcl"
NAMES = ("alpha", "beta", "gamma")
ROOT = """
terraform {
  backend "s3" {}
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 5.100.0"
    }
  }
}
variable "environment" { type = any }
variable "aws" { type = any }
variable "instance" { type = string }
variable "value" { type = string }
variable "queue" { type = string }
provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
resource "aws_ssm_parameter" "each" {
  for_each  = toset(["a", "b", "c"])
  name      = "/${var.instance}/${each.key}"
  type      = "String"
  value     = var.value
  overwrite = true
}
resource "aws_sqs_queue" "this" { name = "${var.instance}-${var.queue}" }
output "value" { value = var.value }
"""


class Stage(Daemon):
    """A daemon whose three instances apply through its warm provider."""

    def __post_init__(self) -> None:
        super().__post_init__()
        root = self.folder / "terraform" / "roots" / "probe"
        (root / "main.tf").write_text(ROOT)
        shutil.copyfile(LOCK_FILE, root / ".terraform.lock.hcl")
        settings = yaml.safe_load(self.config.read_text())
        settings["terraform"]["lock_timeout"] = "5s"
        settings["policy"] = {"mandatory_tags": []}
        self.config.write_text(yaml.safe_dump(settings))

    @property
    def sockets(self) -> Path:
        """The directory of its warm provider."""
        return provider_directory(self.folder / "data")

    def want(self, value: str, queue: str) -> None:
        """Save what is wanted of all instances."""
        self.write(
            {f"{name}.yaml": module(name, instance=name, value=value, queue=queue) for name in NAMES},
        )

    def warm(self) -> list[int]:
        """Its warm provider."""
        return [pid for pid in processes(str(self.sockets)) if _command(pid, "reconciler.provider")]

    def providers(self) -> list[int]:
        """The provider processes of its warm provider."""
        return [pid for parent in self.warm() for pid in _children(parent)]

    def left(self) -> list[int]:
        """All that was started for it: by its folder, its configuration, or its sockets."""
        return sorted({*processes(str(self.folder)), *processes(str(self.sockets)), *_in_folder(self.folder)})

    def kill(self, what: str) -> bool:
        """SIGKILL one kind of process; False when there was none at that moment."""
        if what == "daemon":
            self.stop(signal.SIGKILL)
            return True
        found = self.warm() if what == "warm provider" else self.providers()
        for pid in found[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    def in_states(self) -> dict[str, str]:
        """The resources that the states know, with their values."""
        found = {}
        for name in NAMES:
            for resource in self.state(name).get("resources", ()):
                for instance in resource["instances"]:
                    attributes: dict[str, Any] = instance["attributes"]
                    assert "status" not in instance, f"tainted: {attributes['name']}"
                    found[attributes["name"]] = attributes.get("value", "")
        return found

    def in_aws(self) -> dict[str, str]:
        """The resources that AWS has, with their values."""
        pages = self.aws.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
        found = {p["Name"]: p["Value"] for page in pages for p in page["Parameters"]}
        queues = self.aws.client("sqs").list_queues().get("QueueUrls", ())
        return found | {url.rsplit("/", 1)[1]: "" for url in queues}

    def wanted(self, value: str, queue: str) -> dict[str, str]:
        """The resources that there have to be."""
        parameters = {f"/{name}/{each}": value for name in NAMES for each in "abc"}
        return parameters | {f"{name}-{queue}": "" for name in NAMES}


def _command(pid: int, word: str) -> bool:
    with contextlib.suppress(OSError):
        return word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _in_folder(folder: Path) -> list[int]:
    """Processes that work in a folder: terraform and the daemon do."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
    return found
