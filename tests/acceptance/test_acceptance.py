"""The whole acceptance run against the stand-in, killed twice and resumed; and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.acceptance.account import Account
from deploy.acceptance.costs import COSTS
from deploy.local.standin import StandIn
from deploy.local.workplace import ROOT
from reconciler.core.environment import Environment
from tests.acceptance.builder import building
from tests.standins import borrowed
from tests.terraform.inputs import ACCOUNT, REGION

NAME = "sandbox"
COMMITS = ("a" * 39 + "1", "b" * 39 + "2")
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/11111111-aaaa-4aaa-8aaa-111111111111"
STEPS = ["bootstrap", "account", "platform", "services", "delivery", "rollback", "drift", "approval", "rename", "prune"]


def start(
    aws: StandIn, folder: Path, certificate: str, *more: str, account: str = ACCOUNT, tier: str = "develop"
) -> subprocess.Popen[str]:
    settings = {"account": ACCOUNT, "region": REGION, "tier": tier, "endpoint": aws.endpoint}
    config = folder.with_suffix(".json")
    config.write_text(json.dumps({"environments": {NAME: settings}}))
    given = {
        "account": account, "certificate": certificate, "connection": CONNECTION, "repository": "acme/sample",
        "commit": COMMITS[0], "next-commit": COMMITS[1], "trusted": f"arn:aws:iam::{ACCOUNT}:user/operator",
        "folder": str(folder), "config": str(config),
    }  # fmt: skip
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.acceptance", NAME, *options, *more],
        cwd=ROOT,
        env={**os.environ, **aws.environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def certificate(aws: StandIn) -> str:
    made = aws.client("acm").request_certificate(DomainName="sandbox.example.com", ValidationMethod="DNS")
    return str(made["CertificateArn"])


def kill_once(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    """Kill the run as soon as something has happened. The test fails when the run ends before."""
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def journal(folder: Path) -> str:
    path = folder / "journal.jsonl"
    return path.read_text() if path.exists() else ""


@pytest.mark.aws
@pytest.mark.chaos
@pytest.mark.timeout(5400)
def test_the_whole_life_of_an_environment_killed_twice_and_resumed_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with borrowed() as aws, building(aws, COMMITS):
        aws.fail_deployments(NAME, "web", image="broken")
        arn = certificate(aws)
        mark = aws.last_request()

        def called(operation: str) -> bool:
            return any(call["operation"] == operation for call in aws.requests(mark))

        kill_once(start(aws, folder, arn, "--yes"), lambda: called("CreateLoadBalancer"))
        kill_once(start(aws, folder, arn, "--yes"), lambda: called("DeleteLoadBalancer"))
        ended = start(aws, folder, arn, "--yes")
        shown = ended.communicate()[0]
        assert ended.returncode == 0, shown

        evidence = json.loads((folder / "evidence.json").read_text())
        assert (evidence["result"], evidence["left"]) == ("passed", [])
        assert [(step["name"], step["state"], step["undone"]) for step in evidence["steps"]] == [
            (name, "done", True) for name in STEPS
        ]
        assert all(step["evidence"] for step in evidence["steps"])
        assert sum('"kind": "done"' in line for line in journal(folder).splitlines()) == len(STEPS)
        assert not [bucket for bucket in aws.client("s3").list_buckets()["Buckets"] if NAME in bucket["Name"]]

        counted = {cost.what: cost.count for cost in COSTS}
        made = [call["operation"] for call in aws.requests(mark)]
        assert made.count("CreateNatGateway") == counted["NAT gateway"]
        assert made.count("CreateLoadBalancer") == counted["Application Load Balancer"]
        assert made.count("CreateWebACL") == counted["web ACL"]

        again = start(aws, folder, arn, "--yes")
        assert "a run that ended" in again.communicate()[0]
        assert again.returncode == 2


@pytest.fixture(scope="module")
def occupied(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int | None, str]]:
    """Start runs that must be refused, at once, in an account that has a name of ours, and return what they said."""
    folder = tmp_path_factory.mktemp("refused")
    with borrowed() as aws:
        aws.client("ecr").create_repository(repositoryName=f"{NAME}/orders")
        runs = {
            "occupied": start(aws, folder / "occupied", "arn", "--yes"),
            "other": start(aws, folder / "other", "arn", "--yes", account="999999999999"),
            "prod": start(aws, folder / "prod", "arn", "--yes", tier="prod"),
        }
        shown = {name: run.communicate()[0] for name, run in runs.items()}
        return {name: (run.returncode, shown[name]) for name, run in runs.items()}


@pytest.mark.aws
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("occupied", f"repository {NAME}/orders"),
        ("other", "the account named is 999999999999"),
        ("prod", "has the tier prod"),
    ],
)
def test_a_wrong_account_is_refused(occupied: dict[str, tuple[int | None, str]], case: str, reason: str) -> None:
    code, shown = occupied[case]
    assert code == 2, shown
    assert f"Refused: {'' if case != 'occupied' else 'the account is not empty'}" in shown
    assert reason in shown


@pytest.mark.aws
def test_the_inventory_has_our_names_and_no_others() -> None:
    with borrowed() as aws:
        for name in (NAME, f"not-{NAME}s", "other"):
            aws.client("ecs").create_cluster(clusterName=name)
        vpc = aws.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        aws.client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "Environment", "Value": NAME}])
        aws.client("logs").create_log_group(logGroupName=f"/aws/ecs/containerinsights/{NAME}/performance")
        target = Environment(NAME, "develop", ACCOUNT, REGION, endpoint=aws.endpoint)
        account = Account(target, bucket="states")
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in aws.environment().items():
                patch.setenv(variable, value)
            found = account.inventory()
            aws.client("ecs").delete_cluster(cluster=NAME)
            assert f"cluster {NAME}" not in account.inventory()
        assert found == [
            f"VPC {vpc}",
            f"cluster {NAME}",
            f"log group /aws/ecs/containerinsights/{NAME}/performance",
        ]
