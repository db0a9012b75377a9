"""The daemon as a process, with a folder of manifests it watches and a root that needs no provider.

States are in S3 and locks in S3 and DynamoDB, on the stand-in; Terraform, Git and the API are the real ones.
"""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deploy.local.standin import StandIn
from tests import roles
from tests.patience import PATIENCE
from tests.standins import make_state_bucket

ACCOUNT = roles.ACCOUNT
TABLE = "locks"
TOKEN = "a token only for tests"
_KEPT = ("HOME", "PATH", "TMPDIR")
RECONCILER = Path(sys.executable).with_name("reconciler")

# `first` is made before `second`, which takes `seconds` and fails when told to: an apply can be caught half-way.
ROOT = """
terraform {
  backend "s3" {}
}
variable "environment" { type = object({ name = string }) }
variable "aws" { type = object({ role_arn = optional(string) }) }
variable "text" { type = string }
variable "seconds" {
  type    = number
  default = 0
}
variable "fails" {
  type    = bool
  default = false
}
resource "terraform_data" "first" {
  input = var.text
}
resource "terraform_data" "second" {
  triggers_replace = var.text
  depends_on       = [terraform_data.first]
  provisioner "local-exec" {
    command = "touch '${path.root}/applying'; sleep ${var.seconds}; ${var.fails ? "exit 1" : "true"}"
  }
}
output "text" { value = terraform_data.first.output }
output "environment" { value = var.environment.name }
"""


def module(name: str, *, policy: str = "{}", environments: str = "[develop]", **inputs: Any) -> str:
    """A `Module` manifest of the probe root."""
    return f"""apiVersion: reconciler/v1
kind: Module
metadata: {{name: {name}}}
spec:
  environments: {environments}
  root: probe
  policy: {policy}
  inputs: {json.dumps(inputs)}
"""


@dataclass
class Daemon:
    """One daemon's whole world, under `folder`. `more` are sections of its configuration.

    It runs with the role of its task, and works in the role of its environment: the stand-in holds each of its calls
    and of Terraform's to the policies that `deploy/ecs` ships. `own` are policies for roots that are not shipped,
    `store` is the table and the bucket of the records. Commands run with the stand-in's own key, as an administrator.
    Without `enforced` it makes no roles: a subclass does.
    """

    folder: Path
    aws: StandIn
    port: int = 0
    bucket: str = field(default_factory=lambda: f"states-{uuid.uuid4().hex[:10]}")
    process: subprocess.Popen[bytes] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    store: tuple[str, str] | None = None
    enforced: bool = True
    credentials: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = _free_port()
        make_state_bucket(self.aws, self.bucket)
        if self.enforced:
            self.credentials = roles.give(self.aws, bucket=self.bucket, locks=TABLE, store=self.store, own=self.own)
        root = self.folder / "terraform" / "roots" / "probe"
        root.mkdir(parents=True)
        (root / "main.tf").write_text(ROOT)
        self.manifests.mkdir()
        settings = {
            "data": "data",
            "git": {"directory": "manifests"},
            "terraform": {"source": {"path": "terraform"}, "lock_timeout": "1s", "allow": {"provisioners": True}},
            "state": {"bucket": self.bucket, "lock_table": TABLE},
            "environments": {
                "develop": {
                    "account": ACCOUNT,
                    "region": self.aws.region,
                    "tier": "develop",
                    "endpoint": self.aws.endpoint,
                    "role": roles.ROLE if self.enforced else None,
                }
            },
            "retry": {"base": "1s", "cap": "2s"},
            "drift": {"confirm_after": "1s"},
            "http": {"port": self.port},
            "auth": {"token": TOKEN},
            "stop": {"drain": "60s", "grace": "20s"},
            "logs": {"format": "json"},
            **self.more,
        }
        self.config.write_text(yaml.safe_dump(settings))

    @property
    def manifests(self) -> Path:
        return self.folder / "manifests"

    @property
    def config(self) -> Path:
        return self.folder / "reconciler.yaml"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("COVERAGE_")}
        return kept | self.aws.environment() | {"RECONCILER_CONFIG": str(self.config)}

    @property
    def log(self) -> str:
        return (self.folder / "daemon.log").read_text()

    def write(self, files: Mapping[str, str | None]) -> None:
        """Save manifests; None deletes one."""
        for name, text in files.items():
            path = self.manifests / name
            if text is None:
                path.unlink()
            else:
                path.write_text(text)

    def start(self) -> None:
        with (self.folder / "daemon.log").open("ab") as said:
            self.process = subprocess.Popen(
                [str(RECONCILER), "run"],
                cwd=self.folder,
                env=self.environment | dict(self.credentials),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the daemon and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `reconciler` command."""
        return subprocess.run(
            [str(RECONCILER), *arguments],
            cwd=self.folder,
            env=self.environment | {"NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def get(self, path: str) -> dict[str, Any] | None:
        """The API's answer; None while there is none."""
        text = self.read(path)
        document: dict[str, Any] | None = json.loads(text) if text else None
        return document

    def read(self, path: str) -> str:
        """Return the text of a page; empty while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=60) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def instance(self, name: str) -> dict[str, Any]:
        """Return the API's answer about `develop/<name>`; empty when there is no such instance."""
        return self.get(f"api/v1/instances/develop/{name}") or {}

    def act(self, name: str, action: str, **body: str) -> int:
        """Ask for an action; the status of the answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/instances/develop/{name}/{action}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own daemon
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def until(self, holds: Callable[[], object], *, within: float = PATIENCE) -> None:
        """Wait until it holds; the daemon's log is in the message when it does not."""
        deadline = time.monotonic() + within
        while not holds():
            assert time.monotonic() < deadline, self.log
            assert self.process is None or self.process.poll() in (None, -9), self.log
            time.sleep(0.1)

    def until_reason(self, name: str, *reasons: str) -> dict[str, Any]:
        """Wait for one of these headlines and return the instance."""
        self.until(lambda: self.instance(name).get("reason") in reasons)
        return self.instance(name)

    def until_settled(self, name: str) -> None:
        """Wait until the manifest as it is now is applied."""
        self.until(lambda: (found := self.instance(name)) and found["current"] and found["ready"])

    def applying(self, name: str) -> Path:
        """A file that exists once an apply of the instance has reached `second`."""
        return self.folder / "data" / "work" / "develop" / name / "roots" / "probe" / "applying"

    def state(self, name: str) -> dict[str, Any]:
        """The instance's state in S3; empty when there is none."""
        s3 = self.aws.client("s3")
        with contextlib.suppress(s3.exceptions.NoSuchKey):
            body = s3.get_object(Bucket=self.bucket, Key=f"develop/{name}/terraform.tfstate")["Body"]
            document: dict[str, Any] = json.loads(body.read())
            return document
        return {}

    def change_by_hand(self, name: str, text: str) -> None:
        """Make the state show that somebody gave `first` another text, and the lock table agree with it."""
        state = self.state(name)
        state["serial"] += 1
        for resource in state["resources"]:
            if resource["name"] == "first":
                attributes = resource["instances"][0]["attributes"]
                attributes["input"]["value"] = attributes["output"]["value"] = text
        key, body = f"develop/{name}/terraform.tfstate", json.dumps(state).encode()
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        checksum = hashlib.md5(body, usedforsecurity=False).hexdigest()
        item = {"LockID": {"S": f"{self.bucket}/{key}-md5"}, "Digest": {"S": checksum}}
        self.aws.client("dynamodb").put_item(TableName=TABLE, Item=item)

    def text(self, name: str) -> str | None:
        """Return what the state says was applied."""
        output = self.state(name).get("outputs", {}).get("text")
        return output["value"] if output else None

    def locks(self) -> list[str]:
        """Locks that are held in S3 or DynamoDB."""
        objects = self.aws.client("s3").list_objects_v2(Bucket=self.bucket).get("Contents", ())
        rows = self.aws.client("dynamodb").scan(TableName=TABLE)["Items"]
        held = [row["LockID"]["S"] for row in rows if "Info" in row and row["LockID"]["S"].startswith(self.bucket)]
        return held + [item["Key"] for item in objects if item["Key"].endswith(".tflock")]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
