"""Security groups and subnets that do not belong to one network, which moto puts together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.ec2.models import ec2_backends

from deploy.local.standin.guards.guard import Guard, Place, Refused

EC2_ERRORS = "docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"


def tasks(parameters: Mapping[str, Any], place: Place) -> None:
    """Refuse tasks whose groups are of another VPC than their subnets."""
    network = (parameters.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    for group in _strangers(network.get("securityGroups"), network.get("subnets"), place):
        message = f"Security group {group} does not appear to belong to the same VPC as the input subnets."
        raise Refused("InvalidParameterException", message)


def load_balancer(parameters: Mapping[str, Any], place: Place) -> None:
    mapped = [each.get("SubnetId") for each in parameters.get("SubnetMappings") or ()]
    for group in _strangers(parameters.get("SecurityGroups"), [*(parameters.get("Subnets") or ()), *mapped], place):
        raise Refused("InvalidConfigurationRequest", f"Security group '{group}' is not in the VPC of the subnets")


def endpoint(parameters: Mapping[str, Any], place: Place) -> None:
    subnets = [str(each) for each in parameters.get("SubnetIds") or ()]
    for group in _strangers(parameters.get("SecurityGroupIds"), subnets, place):
        raise Refused(
            "InvalidParameter", f"Security group {group} and subnet {subnets[0]} belong to different networks."
        )


def rules_of_group(parameters: Mapping[str, Any], place: Place) -> None:
    """Refuse a rule that refers to a group of a VPC that is not peered: the rule would let nobody in."""
    own = _vpc_of_group(parameters.get("GroupId"), place)
    for permission in parameters.get("IpPermissions") or ():
        for pair in permission.get("UserIdGroupPairs") or ():
            other = _vpc_of_group(pair.get("GroupId"), place)
            if own and other and other != own and not _are_peered(own, other, place):
                raise Refused(
                    "InvalidGroup.NotFound", "You have specified two resources that belong to different networks."
                )


def _strangers(groups: Any, subnets: Any, place: Place) -> Iterator[str]:
    """Yield the groups that exist in another VPC than the subnets."""
    networks = {_vpc_of_subnet(each, place) for each in subnets or ()} - {None}
    for group in groups or ():
        found = _vpc_of_group(group, place)
        if networks and found and found not in networks:
            yield str(group)


def _vpc_of_subnet(subnet: Any, place: Place) -> str | None:
    for in_zone in place.backend(ec2_backends).subnets.values():
        if subnet in in_zone:
            return str(in_zone[subnet].vpc_id)
    return None


def _vpc_of_group(group: Any, place: Place) -> str | None:
    for vpc, groups in place.backend(ec2_backends).groups.items():
        if group in groups:
            return str(vpc)
    return None


def _are_peered(one: str, other: str, place: Place) -> bool:
    return any(
        {peering.vpc.id, peering.peer_vpc.id} == {one, other} and peering._status.code == "active"
        for peering in place.backend(ec2_backends).vpc_pcxs.values()
    )


OF_OTHER_VPC = "groups of another VPC are accepted"
_ECS = "github.com/aws/aws-dotnet-deploy/pull/735, which quotes the message"
GUARDS = (
    *(
        Guard("ecs", operation, "InvalidParameterException", OF_OTHER_VPC, _ECS, tasks)
        for operation in ("CreateService", "UpdateService", "RunTask")
    ),
    Guard(
        "elbv2", "CreateLoadBalancer", "InvalidConfigurationRequest", OF_OTHER_VPC,
        "docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html", load_balancer,
    ),
    Guard("ec2", "CreateVpcEndpoint", "InvalidParameter", OF_OTHER_VPC, EC2_ERRORS, endpoint),
    *(
        Guard(
            "ec2", operation, "InvalidGroup.NotFound", "rules refer to groups of networks that are not connected",
            "docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html", rules_of_group,
        )
        for operation in ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
    ),
)  # fmt: skip
