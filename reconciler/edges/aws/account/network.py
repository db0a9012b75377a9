"""VPCs, security groups and load balancers of one environment."""

from asyncio import gather
from collections.abc import Collection, Mapping
from typing import Any

from reconciler.core.verification.account import Balancer, Listener, Rule, SecurityGroup, Vpc
from reconciler.edges.aws.account.calls import Calls, tags_of


async def read_vpcs(calls: Calls) -> tuple[Vpc, ...]:
    """Return the VPCs that are tagged with the environment."""
    tagged = [{"Name": "tag:Environment", "Values": [calls.environment.name]}]
    found = await calls.every("ec2", "describe_vpcs", "Vpcs", Filters=tagged)
    return tuple(await gather(*(_vpc(calls, vpc) for vpc in found)))


async def read_security_groups(calls: Calls, vpcs: Collection[str]) -> tuple[SecurityGroup, ...]:
    """Return every security group in these VPCs, managed by the daemon or not."""
    if not vpcs:
        return ()
    inside = [{"Name": "vpc-id", "Values": list(vpcs)}]
    found = await calls.every("ec2", "describe_security_groups", "SecurityGroups", Filters=inside)
    return tuple(
        SecurityGroup(
            id=group["GroupId"],
            name=group["GroupName"],
            ingress=tuple(map(_rule, group.get("IpPermissions", ()))),
            tags=tags_of(group.get("Tags")),
        )
        for group in found
    )


async def read_balancers(calls: Calls, vpcs: Collection[str]) -> tuple[Balancer, ...]:
    """Return the load balancers in these VPCs."""
    found = await calls.every("elbv2", "describe_load_balancers", "LoadBalancers")
    return tuple(await gather(*(_balancer(calls, each) for each in found if each.get("VpcId") in vpcs)))


async def _vpc(calls: Calls, vpc: Mapping[str, Any]) -> Vpc:
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    watched = [{"Name": "resource-id", "Values": [vpc["VpcId"]]}]
    subnets, tables, logs = await gather(
        calls.every("ec2", "describe_subnets", "Subnets", Filters=inside),
        calls.every("ec2", "describe_route_tables", "RouteTables", Filters=inside),
        calls.every("ec2", "describe_flow_logs", "FlowLogs", Filters=watched),
    )
    public = [table for table in tables if any(_leads_out(route) for route in table.get("Routes", ()))]
    return Vpc(
        id=vpc["VpcId"],
        logged=frozenset(log["TrafficType"] for log in logs if log.get("FlowLogStatus", "ACTIVE") == "ACTIVE"),
        public_subnets=frozenset(
            tie["SubnetId"] for table in public for tie in table.get("Associations", ()) if "SubnetId" in tie
        ),
        open_subnets=frozenset(subnet["SubnetId"] for subnet in subnets if subnet.get("MapPublicIpOnLaunch")),
        tags=tags_of(vpc.get("Tags")),
    )


def _leads_out(route: Mapping[str, Any]) -> bool:
    return str(route.get("GatewayId", "")).startswith("igw-")


def _rule(permission: Mapping[str, Any]) -> Rule:
    sources = [entry["CidrIp"] for entry in permission.get("IpRanges", ())]
    sources += [entry["CidrIpv6"] for entry in permission.get("Ipv6Ranges", ())]
    return Rule(
        protocol=permission["IpProtocol"],
        first_port=permission.get("FromPort"),
        last_port=permission.get("ToPort"),
        sources=frozenset(sources),
    )


async def _balancer(calls: Calls, balancer: Mapping[str, Any]) -> Balancer:
    arn = balancer["LoadBalancerArn"]
    listeners, attributes, tagged = await gather(
        calls.every("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn),
        calls.one("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn),
        calls.one("elbv2", "describe_tags", ResourceArns=[arn]),
    )
    set_to = {entry["Key"]: entry["Value"] for entry in attributes["Attributes"]}
    logged = set_to.get("access_logs.s3.enabled") == "true"
    return Balancer(
        name=balancer["LoadBalancerName"],
        security_groups=frozenset(balancer.get("SecurityGroups", ())),
        listeners=tuple(map(_listener, listeners)),
        log_bucket=set_to.get("access_logs.s3.bucket") if logged else None,
        tags=tags_of(tagged["TagDescriptions"][0]["Tags"]),
    )


def _listener(listener: Mapping[str, Any]) -> Listener:
    redirects = [action.get("RedirectConfig", {}) for action in listener.get("DefaultActions", ())]
    return Listener(
        port=listener["Port"],
        protocol=listener["Protocol"],
        tls_policy=listener.get("SslPolicy"),
        redirects_to_https=bool(redirects) and all(to.get("Protocol") == "HTTPS" for to in redirects),
    )
