"""The daemon as a process, with secrets in its manifests, its states and its failures: nothing it writes holds one."""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from tests.e2e.daemon import Daemon, module

pytestmark = pytest.mark.aws

PIN, PASSWORD, BY_HAND = (secrets.token_hex(20) for _ in range(3))
URL = f"https://deploy:{PASSWORD}@queue.example/orders"

# `second` quotes the secret that `first` kept in a file, as a provider would: nothing tells Terraform that it is one.
ROOT = """
terraform {
  backend "s3" {}
}
variable "environment" { type = object({ name = string }) }
variable "aws" { type = object({ role_arn = optional(string) }) }
variable "pin" {
  type      = string
  sensitive = true
}
variable "url" { type = string }
variable "fails" {
  type    = bool
  default = false
}
resource "terraform_data" "first" {
  input = var.pin
  provisioner "local-exec" {
    command     = "printf %s \\"$PIN\\" > '${path.root}/pin'"
    environment = { PIN = var.pin }
  }
}
resource "terraform_data" "second" {
  input      = var.url
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "echo value $(cat '${path.root}/pin') refused >&2; ${var.fails ? "exit 1" : "true"}"
  }
}
output "pin" {
  value     = var.pin
  sensitive = true
}
output "url" { value = var.url }
"""


@pytest.fixture
def planted(aws: StandIn, tmp_path: Path) -> Iterator[Daemon]:
    stage = Daemon(tmp_path, aws, more={"logs": {"format": "json", "level": "debug"}})
    (tmp_path / "terraform" / "roots" / "probe" / "main.tf").write_text(ROOT)
    yield stage
    if stage.process is not None and stage.process.poll() is None:
        stage.stop()


def written(daemon: Daemon) -> dict[str, str]:
    """Whatever the daemon wrote and answered, but for the manifests' own words in its records."""
    paths = ["healthz", "metrics", "api/v1/source", "api/v1/instances", "api/v1/drift"]
    one = [f"api/v1/instances/develop/{name}{part}" for name in ("alpha", "beta") for part in ("", "/plan", "/history")]
    found = {path: daemon.read(path) for path in [*paths, *one]}
    for command in (
        "get",
        "describe develop/alpha",
        "describe develop/beta",
        "history develop/beta",
        "drift",
        "config",
    ):
        for form in ("table", "json"):
            ended = daemon.run(*command.split(), "-o", form)
            found[f"{command} {form}"] = ended.stdout + ended.stderr
    found |= {path.name: path.read_text() for path in (daemon.folder / "data" / "reports").glob("**/*.*")}
    return found | {"log": daemon.log, "records": json.dumps(records(daemon), ensure_ascii=False)}


def records(daemon: Daemon) -> list[Mapping[str, object]]:
    """The records and passes as they are stored, without what a manifest says and a destroy needs."""
    with sqlite3.connect(daemon.folder / "data" / "records.sqlite3") as connection:
        rows = connection.execute("SELECT document FROM records UNION ALL SELECT document FROM passes").fetchall()
    connection.close()
    documents = [json.loads(text) for (text,) in rows]
    return [{name: part for name, part in one.items() if name not in {"instance", "base"}} for one in documents]


def test_nothing_that_the_daemon_writes_holds_a_secret(planted: Daemon) -> None:
    daemon = planted
    daemon.write({"alpha.yaml": module("alpha", pin=PIN, url=URL)})
    daemon.write({"beta.yaml": module("beta", pin=PIN, url=URL, fails=True)})
    daemon.start()
    daemon.until_settled("alpha")
    failed = daemon.until_reason("beta", "ApplyFailed")["message"]
    assert "refused" in failed
    said = (daemon.folder / "data" / "work" / "develop" / "beta" / "apply.out").read_text()
    assert PIN in said, "Terraform did not tell it, so this test shows nothing"
    daemon.change_by_hand("alpha", BY_HAND)
    assert daemon.act("alpha", "reconcile", by=f"password={PASSWORD}") == 200
    daemon.until(lambda: list((daemon.folder / "data" / "reports").glob("**/*.md")))
    daemon.until_settled("alpha")
    outputs = written(daemon)
    assert all(outputs.values())
    leaks = [(name, which) for name, text in outputs.items() for which in (PIN, PASSWORD, BY_HAND) if which in text]
    assert not leaks, leaks
    on_disk = b"".join(path.read_bytes() for path in (daemon.folder / "data").glob("records.sqlite3*"))
    assert BY_HAND.encode() not in on_disk, "it stands in no manifest, so not even a record may hold it"
