"""Resources for the cases of the guards: networks, groups, services, a listener, a role."""

from __future__ import annotations

import json
from typing import Any

from tests.standin.probes_ecs import Clients, unique_name

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "codepipeline.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
PER_INTERFACE = 5
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def make_vpc(client: Clients) -> str:
    return str(client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def make_subnet(client: Clients, vpc: str, number: int = 0) -> str:
    zone = "eu-central-1" + "ab"[number]
    made = client("ec2").create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)
    return str(made["Subnet"]["SubnetId"])


def make_two_subnets(client: Clients, vpc: str) -> list[str]:
    return [make_subnet(client, vpc, number) for number in (0, 1)]


def make_group(client: Clients, vpc: str) -> str:
    name = unique_name()
    return str(client("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])


def make_groups(client: Clients, vpc: str) -> list[str]:
    return [make_group(client, vpc) for _ in range(PER_INTERFACE + 1)]


def make_permission(pair: dict[str, str]) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}


def make_network(groups: list[str], subnets: list[str]) -> dict[str, Any]:
    return {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups}}


def make_cluster(client: Clients) -> str:
    """Make a cluster and a task definition of one name."""
    name = unique_name()
    client("ecs").create_cluster(clusterName=name)
    client("ecs").register_task_definition(
        family=name,
        containerDefinitions=[{"name": "app", "image": "app:1", "memory": 64}],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
    )
    return name


def make_service(client: Clients, groups: list[str], vpc: str, **settings: Any) -> str:
    name = make_cluster(client)
    client("ecs").create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=name,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=make_network(groups, [make_subnet(client, vpc)]),
        **settings,
    )
    return name


def make_registry(client: Clients) -> dict[str, Any]:
    discovery, vpc = client("servicediscovery"), make_vpc(client)
    discovery.create_private_dns_namespace(Name=f"{unique_name()}.internal", Vpc=vpc)
    (namespace,) = discovery.list_namespaces()["Namespaces"]
    records = {"DnsRecords": [{"Type": "A", "TTL": 10}]}
    made = discovery.create_service(Name=unique_name(), NamespaceId=namespace["Id"], DnsConfig=records)
    found: dict[str, Any] = made["Service"]
    return found


def make_endpoint(client: Clients, vpc: str, groups: list[str]) -> None:
    client("ec2").create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.eu-central-1.logs",
        VpcEndpointType="Interface",
        SubnetIds=[make_subnet(client, vpc)],
        SecurityGroupIds=groups,
    )


def make_listener(client: Clients) -> str:
    elb = client("elbv2")
    made = elb.create_load_balancer(Name=unique_name(), Subnets=make_two_subnets(client, make_vpc(client)))
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[FIXED])
    return str(listener["Listeners"][0]["ListenerArn"])


def make_role(client: Clients) -> str:
    return str(client("iam").create_role(RoleName=unique_name(), AssumeRolePolicyDocument=TRUST)["Role"]["Arn"])
