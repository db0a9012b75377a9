"""Quotas of an account, which moto does not have; it has that of rules per security group. Numbers: `settings`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from deploy.local.standin.guards.guard import Guard, Place, Refused

EC2 = "docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
ELB = "docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"
ECS = "docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html"


def elastic_ips(parameters: Mapping[str, Any], place: Place) -> None:
    if len(place.backend(ec2_backends).addresses) >= place.settings.quotas.elastic_ips:
        raise Refused("AddressLimitExceeded", "The maximum number of addresses has been reached.")


def vpcs(parameters: Mapping[str, Any], place: Place) -> None:
    """Refuse one VPC more than the quota, which counts the default VPC."""
    if len(place.backend(ec2_backends).vpcs) >= place.settings.quotas.vpcs:
        raise Refused("VpcLimitExceeded", "The maximum number of VPCs has been reached.")


def rules_of_load_balancer(parameters: Mapping[str, Any], place: Place) -> None:
    """Refuse one rule more than the quota, which counts the rules of all listeners but their default rules."""
    for balancer in place.backend(elbv2_backends).load_balancers.values():
        if parameters["ListenerArn"] in balancer.listeners:
            rules = sum(len(listener._non_default_rules) for listener in balancer.listeners.values())
            if rules >= place.settings.quotas.rules_per_load_balancer:
                raise Refused("TooManyRules", "The maximum number of rules on a load balancer has been reached")


def targets(parameters: Mapping[str, Any], place: Place) -> None:
    group = place.backend(elbv2_backends).target_groups.get(parameters["TargetGroupArn"])
    if group is None:
        return
    added = {each["Id"] for each in parameters["Targets"]} - set(group.targets)
    if len(group.targets) + len(added) > place.settings.quotas.targets_per_load_balancer:
        raise Refused("TooManyTargets", "The maximum number of targets has been reached")


def groups_of_tasks(parameters: Mapping[str, Any], place: Place) -> None:
    network = (parameters.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    limit = place.settings.quotas.security_groups_per_interface
    if len(network.get("securityGroups") or ()) > limit:
        raise Refused("InvalidParameterException", f"securityGroups can have at most {limit} items.")


def groups_of_load_balancer(parameters: Mapping[str, Any], place: Place) -> None:
    limit = place.settings.quotas.security_groups_per_interface
    if len(parameters.get("SecurityGroups") or ()) > limit:
        raise Refused("InvalidConfigurationRequest", f"A load balancer can have at most {limit} security groups")


def groups_of_endpoint(parameters: Mapping[str, Any], place: Place) -> None:
    if len(parameters.get("SecurityGroupIds") or ()) > place.settings.quotas.security_groups_per_interface:
        raise Refused(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )


PER_INTERFACE = "an interface has any number of security groups"
GUARDS = (
    Guard("ec2", "AllocateAddress", "AddressLimitExceeded", "there are any number of elastic IPs", EC2, elastic_ips),
    Guard("ec2", "CreateVpc", "VpcLimitExceeded", "there are any number of VPCs", EC2, vpcs),
    Guard(
        "elbv2", "CreateRule", "TooManyRules", "a load balancer has any number of rules",
        f"{ELB}/API_CreateRule.html", rules_of_load_balancer,
    ),
    Guard(
        "elbv2", "RegisterTargets", "TooManyTargets", "a target group has any number of targets",
        f"{ELB}/API_RegisterTargets.html", targets,
    ),
    *(
        Guard("ecs", operation, "InvalidParameterException", PER_INTERFACE, ECS, groups_of_tasks)
        for operation in ("CreateService", "UpdateService", "RunTask")
    ),
    Guard(
        "elbv2", "CreateLoadBalancer", "InvalidConfigurationRequest", PER_INTERFACE,
        f"{ELB}/API_CreateLoadBalancer.html", groups_of_load_balancer,
    ),
    Guard(
        "ec2", "CreateVpcEndpoint", "SecurityGroupsPerInterfaceLimitExceeded", PER_INTERFACE, EC2, groups_of_endpoint,
    ),
)  # fmt: skip
