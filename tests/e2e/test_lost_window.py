"""A container that dies in an apply, after AWS made something and before the state knew of it."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from tests import roles
from tests.e2e.daemon import Daemon, module
from tests.e2e.test_locks import kill_everything

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds Terraform where Linux shows processes"),
]

AWS = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
  backend "s3" {}
}
variable "environment" { type = object({ region = string }) }
variable "aws" { type = any }
provider "aws" {
  region                      = var.environment.region
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""
# AWS gives out as many addresses as it is asked for; of a topic it has one by that name.
MADE = """
variable "seconds" { type = number }
resource "aws_eip" "this" { domain = "vpc" }
resource "aws_sns_topic" "this" { name = "lost-window" }
resource "terraform_data" "slow" {
  depends_on = [aws_eip.this, aws_sns_topic.this]
  provisioner "local-exec" {
    command = "touch '${path.root}/applying'; sleep ${var.seconds}"
  }
}
"""
CHANGED = """
variable "text" { type = string }
resource "aws_sns_topic" "this" {
  name         = "lost-update"
  display_name = var.text
}
"""
OWN = {"probe": roles.for_types("aws_eip", "aws_sns_topic")}


def addresses(aws: StandIn) -> set[str]:
    """Every address that the account has."""
    return {one["AllocationId"] for one in aws.client("ec2").describe_addresses()["Addresses"]}


def take_in(daemon: Daemon, address: str, found: str) -> None:
    """Do as the documentation tells an operator."""
    rendered = daemon.run("render", "develop/alpha", str(daemon.folder / "by-hand"), "--repo", str(daemon.manifests))
    assert rendered.returncode == 0, rendered.stderr
    root = daemon.folder / "by-hand" / "roots" / "probe"
    (configuration,) = (daemon.folder / "data").glob("terraform.rc")
    around = daemon.environment | {"TF_CLI_CONFIG_FILE": str(configuration), "PATH": os.environ["PATH"]}
    for command in (["init", "-backend-config=backend.tfbackend"], ["import", address, found]):
        ended = subprocess.run(["terraform", *command], cwd=root, env=around, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def changes(daemon: Daemon, since: int) -> list[str]:
    """Return the calls of SNS that change something."""
    calls = (call["operation"] for call in daemon.aws.requests(since) if call["service"] == "sns")
    return [operation for operation in calls if not operation.startswith(("Get", "List"))]


def cut_short(daemon: Daemon, operation: str) -> None:
    """End everything while AWS has that call of an apply: it had left the machine, so it is done all the same."""
    since = daemon.aws.last_request()
    daemon.until(lambda: operation in [call["operation"] for call in daemon.aws.requests(since)])
    daemon.until(lambda: daemon.instance("beta")["intent"]["lock_seen"])
    kill_everything(daemon)
    daemon.aws.lift_faults()


def shown(daemon: Daemon, name: str) -> str:
    """The topic's display name as the state has it."""
    (topic,) = daemon.state(name)["resources"]
    return str(topic["instances"][0]["attributes"]["display_name"])


def test_what_was_made_and_lost_is_not_made_again_but_taken_in_by_a_person(aws: StandIn, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, aws, more={"policy": {"mandatory_tags": []}}, own=OWN)
    (tmp_path / "terraform" / "roots" / "probe" / "main.tf").write_text(AWS + MADE)
    of_others = addresses(aws)
    daemon.write({"alpha.yaml": module("alpha", seconds=300)})
    daemon.start()
    try:
        daemon.until(daemon.applying("alpha").exists, within=120)
        daemon.until(lambda: daemon.instance("alpha")["intent"]["lock_seen"])
        kill_everything(daemon)
        assert not daemon.state("alpha").get("resources"), "the state knows of nothing"
        (lost,) = addresses(aws) - of_others
        daemon.write({"alpha.yaml": module("alpha", seconds=0)})
        daemon.start()
        told = daemon.until_reason("alpha", "AwaitingApproval")["message"]
        assert "may have created aws_eip.this without" in told
        assert "aws_sns_topic" not in told
        take_in(daemon, "aws_eip.this", lost)
        assert daemon.act("alpha", "reconcile") == 200
        daemon.until_settled("alpha")
        assert addresses(aws) - of_others == {lost}
        assert "may exist already: aws_sns_topic.this" in daemon.log
    finally:
        daemon.stop()


@pytest.mark.chaos
def test_what_was_changed_or_destroyed_and_lost_is_written_into_the_state(aws: StandIn, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, aws, more={"policy": {"mandatory_tags": []}}, own=OWN)
    (tmp_path / "terraform" / "roots" / "probe" / "main.tf").write_text(AWS + CHANGED)
    other = module("other", policy="{suspend: true}", text="")
    daemon.write({"beta.yaml": module("beta", text="one"), "other.yaml": other})
    daemon.start()
    try:
        daemon.until_settled("beta")
        aws.inject_fault("sns", "slow", operation="SetTopicAttributes", seconds=60)
        daemon.write({"beta.yaml": module("beta", text="two")})
        cut_short(daemon, "SetTopicAttributes")
        assert shown(daemon, "beta") == "one", "the state knows of nothing"
        since = aws.last_request()
        daemon.start()
        daemon.until_settled("beta")
        assert shown(daemon, "beta") == "two"
        assert daemon.act("beta", "reconcile") == 200
        assert daemon.until_reason("beta", "InSync")["sync"] == "InSync"
        assert changes(daemon, since) == []

        aws.inject_fault("sns", "slow", operation="DeleteTopic", seconds=60)
        daemon.write({"beta.yaml": None})
        daemon.until_reason("beta", "PruneConfirmationNeeded")
        assert daemon.act("beta", "prune") == 200
        cut_short(daemon, "DeleteTopic")
        assert shown(daemon, "beta") == "two", "the state knows of nothing"
        daemon.start()
        daemon.until(lambda: daemon.instance("other") and not daemon.instance("beta"))
        assert daemon.state("beta")["resources"] == []
    finally:
        daemon.stop()
