"""The resources that services need, made through the API: Terraform waits minutes for a load balancer."""

from __future__ import annotations

from deploy.local.standin import StandIn
from tests.terraform.inputs import REGION, Variables, platform_output


def make_platform(stand_in: StandIn, name: str) -> Variables:
    """The least that services of an environment need: network, cluster, load balancer, namespace, keys. Returns the
    output `platform` of the platform root."""
    ec2 = stand_in.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.10.{16 * n}.0/20", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for n, zone in enumerate("abc")
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    groups = [
        ec2.create_security_group(VpcId=vpc, GroupName=f"{name}-{group}", Description=group)["GroupId"]
        for group in ("alb", "services", "kafka-client")
    ]
    ecs = stand_in.client("ecs")
    arn = ecs.create_cluster(clusterName=name, capacityProviders=["FARGATE"])["cluster"]["clusterArn"]
    elb = stand_in.client("elbv2")
    balancer = elb.create_load_balancer(Name=name, Subnets=ids)["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.create_listener(
        LoadBalancerArn=balancer,
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    discovery = stand_in.client("servicediscovery")
    discovery.create_private_dns_namespace(Name=f"{name}.internal", Vpc=vpc)
    namespace = next(n for n in discovery.list_namespaces()["Namespaces"] if n["Name"] == f"{name}.internal")
    key = stand_in.client("kms").create_key()["KeyMetadata"]["Arn"]
    offered = platform_output(name)
    return offered | {
        "vpc_id": vpc,
        "private_subnet_ids": ids,
        "cluster": {"name": name, "arn": arn, "spot": False},
        "alb": offered["alb"] | {"arn": balancer, "listener_arn": listener, "security_group_id": groups[0]},
        "service_discovery": {"namespace_id": namespace["Id"], "namespace_name": f"{name}.internal"},
        "kms": dict.fromkeys(offered["kms"], key),
        "security_groups": {"internal_services": groups[1], "kafka_client": groups[2]},
    }
