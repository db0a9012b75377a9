"""A service that was built by hand is taken over as it is, and a manifest that gets another name keeps it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from tests import roles
from tests.e2e.daemon import Daemon

pytestmark = pytest.mark.aws

ROOT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
  backend "s3" {}
}
variable "environment" { type = object({ region = string, tier = string }) }
variable "aws" { type = object({ s3_use_path_style = bool }) }
variable "tasks" { type = number }
provider "aws" {
  region                      = var.environment.region
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  default_tags { tags = var.environment.tier == "prod" ? { Tier = "prod" } : {} }
}
resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/by-hand"
  retention_in_days = 30
}
resource "aws_ecs_task_definition" "this" {
  family                   = "by-hand"
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions    = jsonencode([{ name = "web", image = "public.ecr.aws/nginx/nginx:1.27", essential = true }])
}
resource "aws_ecs_service" "this" {
  name            = "by-hand"
  cluster         = "arn:aws:ecs:eu-central-1:123456789012:cluster/by-hand"
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.tasks
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = ["SUBNET"]
    security_groups = ["GROUP"]
  }
}
output "arn" { value = aws_ecs_service.this.id }
"""
MANIFEST = """apiVersion: reconciler/v1
kind: Module
metadata: {{name: {name}{former}}}
spec:
  environments: [develop]
  root: by-hand
  policy: {{interval: 1h}}
  inputs: {{tasks: {tasks}}}
  import:
    - {{to: aws_cloudwatch_log_group.this, id: /ecs/by-hand}}
    - {{to: aws_ecs_task_definition.this, id: "{definition}"}}
    - {{to: aws_ecs_service.this, id: by-hand/by-hand}}
"""
UNTAGGED: dict[str, Any] = {"policy": {"mandatory_tags": []}}  # what is built by hand has no tags
OWN = {"by-hand": roles.for_types("aws_cloudwatch_log_group", "aws_ecs_service", "aws_ecs_task_definition")}
READING = ("Describe", "Get", "List", "Head")


@pytest.fixture
def daemon(aws: StandIn, tmp_path: Path) -> Iterator[Daemon]:
    stage = Daemon(tmp_path, aws, more=UNTAGGED, own=OWN)
    yield stage
    if stage.process is not None:
        stage.stop()


def build_by_hand(daemon: Daemon) -> str:
    """A service as somebody made it with the console, and a root that describes it; returns the task definition."""
    ec2, ecs, logs = (daemon.aws.client(name) for name in ("ec2", "ecs", "logs"))
    subnet = ec2.describe_subnets()["Subnets"][0]
    of_its_network = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    group = ec2.describe_security_groups(Filters=of_its_network)["SecurityGroups"][0]["GroupId"]
    logs.create_log_group(logGroupName="/ecs/by-hand")
    logs.put_retention_policy(logGroupName="/ecs/by-hand", retentionInDays=30)
    ecs.create_cluster(clusterName="by-hand")
    definition = ecs.register_task_definition(
        family="by-hand",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": True}],
    )["taskDefinition"]["taskDefinitionArn"]
    network = {"awsvpcConfiguration": {"subnets": [subnet["SubnetId"]], "securityGroups": [group]}}
    ecs.create_service(
        cluster="by-hand",
        serviceName="by-hand",
        taskDefinition=definition,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=network,
    )
    root = daemon.folder / "terraform" / "roots" / "by-hand"
    root.mkdir()
    (root / "main.tf").write_text(ROOT.replace("SUBNET", subnet["SubnetId"]).replace("GROUP", group))
    return str(definition)


def what_runs(daemon: Daemon) -> dict[str, Any]:
    """The service as ECS tells it, without what only time moves."""
    ecs = daemon.aws.client("ecs")
    (service,) = ecs.describe_services(cluster="by-hand", services=["by-hand"])["services"]
    deployments = [(one["id"], one["taskDefinition"], one["createdAt"]) for one in service["deployments"]]
    names = ("serviceArn", "createdAt", "taskDefinition", "desiredCount", "networkConfiguration")
    return {name: service[name] for name in names} | {"deployments": deployments}


def changes_since(daemon: Daemon, number: int) -> list[str]:
    """The calls that change something in what was adopted; the states' own bucket and table are apart."""
    calls = daemon.aws.requests(number)
    return [
        call["operation"]
        for call in calls
        if call["service"] not in {"s3", "dynamodb", "sts"} and not str(call["operation"]).startswith(READING)
    ]


def test_a_service_built_by_hand_is_adopted_as_it_is_and_stays_when_its_manifest_is_renamed(daemon: Daemon) -> None:
    definition = build_by_hand(daemon)
    before, called = what_runs(daemon), daemon.aws.last_request()
    daemon.write({"web.yaml": MANIFEST.format(name="web", former="", tasks=2, definition=definition)})
    daemon.start()
    refused = daemon.until_reason("web", "AdoptionRefused")
    assert "change aws_ecs_service.this desired_count from 1 to 2" in refused["message"]
    assert daemon.run("adopt", "develop/web", "--digest", refused["plan"]["digest"]).returncode == 1
    daemon.write({"web.yaml": MANIFEST.format(name="web", former="", tasks=1, definition=definition)})
    waiting = daemon.until_reason("web", "AwaitingApproval")
    assert "3 resources that exist are adopted, and nothing is changed" in waiting["message"]
    assert {name: count for name, count in waiting["plan"]["counts"].items() if count} == {"import": 3}
    assert changes_since(daemon, called) == []
    shown = daemon.run("adopt", "develop/web")
    assert "= aws_cloudwatch_log_group.this" in shown.stdout
    assert shown.returncode == 2, "without a terminal it asks for the digest"
    adopted = daemon.run("adopt", "develop/web", "--digest", waiting["plan"]["digest"])
    assert adopted.returncode == 0, adopted.stderr
    daemon.until_settled("web")
    assert what_runs(daemon) == before
    assert changes_since(daemon, called) == ["UpdateService"], "with nothing in it that differs"
    assert len(daemon.state("web")["resources"]) == 3
    # The manifest gets another name, and the service stays the same.
    lives = MANIFEST.format(name="shop", former=", formerName: web", tasks=1, definition=definition)
    called = daemon.aws.last_request()
    daemon.write({"web.yaml": lives})
    move = daemon.until_reason("shop", "AwaitingApproval")
    assert "3 to move from the state of develop/web; the state of a Module takes another name only" in move["message"]
    assert daemon.run("approve", "develop/shop", "--digest", move["plan"]["digest"]).returncode == 0
    daemon.until_settled("shop")
    daemon.until(lambda: not daemon.instance("web"))
    assert len(daemon.state("shop")["resources"]) == 3
    assert daemon.state("web")["resources"] == []
    assert what_runs(daemon) == before
    assert changes_since(daemon, called) == []
    # What nobody knows any more is found: here the state of an instance that the store has lost.
    assert daemon.run("get", "--orphans").returncode == 0
    state = json.dumps(daemon.state("shop")).encode()
    daemon.aws.client("s3").put_object(Bucket=daemon.bucket, Key="develop/lost/terraform.tfstate", Body=state)
    orphans = daemon.run("get", "--orphans")
    assert (orphans.returncode, "develop/lost" in orphans.stdout, "develop/shop" in orphans.stdout) == (3, True, False)
