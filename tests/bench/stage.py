"""The stage of the bench: the AWS stand-in with a platform, and instances as the daemon lays them out.

An instance is a copy of the real service root with its modules, its own variables and its own key in the S3 backend,
lock table included. Both sides get the same directories, the same environment and the same states. The platform is
made through the API, because Terraform waits minutes for a load balancer that answers at once here.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.standin import StandIn
from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.terraform.hcl import backend
from tests.standins import make_state_bucket
from tests.terraform.inputs import ACCOUNT, REGION, Variables, but, platform_output, public_service
from tests.terraform.runs import find_terraform
from tests.terraform.workbench import SOURCE

STATES = StateSettings()
WHERE = Environment(name="develop", account=ACCOUNT, region=REGION, tier="develop", endpoint="http://stand-in.invalid")
EMPTY = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 5.100.0"
    }
  }
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
provider "aws" {
  s3_use_path_style = true
}
"""
CONFIGURED = 'data "aws_region" "current" {}\n'  # needs the provider configured, asks AWS nothing


@dataclass(frozen=True, slots=True)
class Stage:
    """The directory of the bench, the stand-in and the environment that every terraform gets."""

    directory: Path
    standin: StandIn
    environment: Mapping[str, str]
    mirrors: tuple[Path, ...]
    terraform: str
    service: Variables

    @classmethod
    def build(cls, directory: Path, standin: StandIn, *, configuration: Path, mirrors: tuple[Path, ...]) -> Stage:
        """Make the platform and the place of the states."""
        passed = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ}
        settings = {"TF_CLI_CONFIG_FILE": str(configuration), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        _make_states(standin)
        service = but(public_service("develop"), platform=make_platform(standin))
        return cls(directory, standin, passed | standin.environment() | settings, mirrors, find_terraform(), service)

    def instance(self, name: str) -> Path:
        """A new directory with the service root for that key; where to run terraform."""
        home = self.directory / name
        shutil.copytree(SOURCE / "modules", home / "modules", ignore=shutil.ignore_patterns(".terraform"))
        shutil.copytree(SOURCE / "roots/service", home / "roots/service", ignore=shutil.ignore_patterns(".terraform"))
        root = home / "roots/service"
        self.write(root, self.service)
        _write_backend(root, name)
        return root

    def write(self, root: Path, variables: Mapping[str, Any]) -> None:
        """Give an instance its variables."""
        (root / "terraform.tfvars.json").write_text(json.dumps(variables))

    def empty(self, name: str, *, configured: bool) -> Path:
        """A new directory with a root that has the provider and nothing to manage."""
        root = self.directory / name
        root.mkdir()
        (root / "main.tf").write_text(EMPTY + (CONFIGURED if configured else ""))
        shutil.copy(SOURCE / "roots/service/.terraform.lock.hcl", root)
        _write_backend(root, name)
        return root

    def copy_state(self, source: str, targets: list[str]) -> None:
        """Put the state of one instance under the keys of others."""
        s3, bucket = self.standin.client("s3"), STATES.bucket_in(WHERE)
        state = json.loads(s3.get_object(Bucket=bucket, Key=STATES.object_key(Key("develop", source)))["Body"].read())
        for target in targets:
            key = STATES.object_key(Key("develop", target))
            s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(state).encode())


def _write_backend(root: Path, name: str) -> None:
    (root / "backend.hcl").write_text(backend(STATES, Key("develop", name), WHERE))


def _make_states(standin: StandIn) -> None:
    make_state_bucket(standin, STATES.bucket_in(WHERE))
    standin.client("dynamodb").create_table(
        TableName=STATES.lock_table,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def make_platform(standin: StandIn) -> Variables:
    """Network, cluster, load balancer, namespace and key, as the platform root puts them out."""
    ec2 = standin.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.10.{16 * n}.0/20", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for n, zone in enumerate("abc")
    ]
    names = ("alb", "internal-services", "kafka-client")
    groups = [ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"] for name in names]
    offered = platform_output("develop")
    cluster = standin.client("ecs").create_cluster(clusterName="develop", capacityProviders=["FARGATE"])["cluster"]
    return offered | {
        "vpc_id": vpc,
        "private_subnet_ids": [subnet["SubnetId"] for subnet in subnets],
        "cluster": {"name": "develop", "arn": cluster["clusterArn"], "spot": False},
        "alb": offered["alb"] | _balancer(standin, [s["SubnetId"] for s in subnets]) | {"security_group_id": groups[0]},
        "service_discovery": _namespace(standin, vpc),
        "kms": dict.fromkeys(offered["kms"], standin.client("kms").create_key()["KeyMetadata"]["Arn"]),
        "security_groups": {"internal_services": groups[1], "kafka_client": groups[2]},
    }


def _balancer(standin: StandIn, subnets: list[str]) -> dict[str, str]:
    elb = standin.client("elbv2")
    balancer = elb.create_load_balancer(Name="develop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    missing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    listener = elb.create_listener(LoadBalancerArn=balancer, Port=80, Protocol="HTTP", DefaultActions=[missing])
    return {"arn": balancer, "listener_arn": listener["Listeners"][0]["ListenerArn"]}


def _namespace(standin: StandIn, vpc: str) -> dict[str, str]:
    discovery = standin.client("servicediscovery")
    discovery.create_private_dns_namespace(Name="develop.internal", Vpc=vpc)
    found = next(n for n in discovery.list_namespaces()["Namespaces"] if n["Name"] == "develop.internal")
    return {"namespace_id": found["Id"], "namespace_name": "develop.internal"}
