"""Traffic through the load balancer, as the stand-in's own state has it at one moment.

A request takes the rule with the lowest priority whose path matches, and reaches a healthy target of its group if a
security group of the tasks admits the target's port from the load balancer. Sources: Elastic Load Balancing user guide,
"Listener rules" and "Health checks"; Amazon VPC user guide, "Security groups".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deploy.local.standin import StandIn

CLUSTER = "develop"


@dataclass(frozen=True, slots=True)
class Watched:
    """A path pattern, and the services of which one has to answer its requests."""

    pattern: str
    owners: frozenset[str]

    @property
    def path(self) -> str:
        """Return a path that the pattern matches."""
        return self.pattern.replace("*", "x").replace("?", "y")


@dataclass(frozen=True, slots=True)
class Traffic:
    """The load balancer: its listener and its security group."""

    aws: StandIn
    listener: str
    group: str

    def unanswered(self, watched: Iterable[Watched]) -> list[str]:
        """Return which of these requests no healthy task of their service would get, and why."""
        rules = self._rules()
        found = ((one, self._problem(one, rules)) for one in watched)
        return [f"{one.path}: {problem}" for one, problem in found if problem]

    def _rules(self) -> list[Mapping[str, Any]]:
        rules = self.aws.client("elbv2").describe_rules(ListenerArn=self.listener)["Rules"]
        return sorted((rule for rule in rules if not rule["IsDefault"]), key=lambda rule: int(rule["Priority"]))

    def _problem(self, one: Watched, rules: list[Mapping[str, Any]]) -> str | None:
        rule = next((rule for rule in rules if any(fnmatchcase(one.path, path) for path in _paths(rule))), None)
        if rule is None:
            return "no rule"
        group = rule["Actions"][0]["TargetGroupArn"]
        service = self._service_of(group)
        if service not in one.owners:
            return f"reaches {service}"
        ports = self._healthy_ports(group)
        if not ports:
            return "no healthy target"
        admitted = self._admitted(service)
        if not any(first <= port <= last for port in ports for first, last in admitted):
            return f"no healthy target at {admitted}, but at {sorted(ports)}"
        return None

    def _service_of(self, group: str) -> str:
        tags = self.aws.client("elbv2").describe_tags(ResourceArns=[group])["TagDescriptions"][0]["Tags"]
        return str({tag["Key"]: tag["Value"] for tag in tags}["Service"])

    def _healthy_ports(self, group: str) -> set[int]:
        targets = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {target["Target"]["Port"] for target in targets if target["TargetHealth"]["State"] == "healthy"}

    def _admitted(self, service: str) -> list[tuple[int, int]]:
        found = self.aws.client("ecs").describe_services(cluster=CLUSTER, services=[service])["services"][0]
        groups = found["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
        described = self.aws.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"]
        return [
            (permission["FromPort"], permission["ToPort"])
            for group in described
            for permission in group["IpPermissions"]
            if any(pair["GroupId"] == self.group for pair in permission["UserIdGroupPairs"])
        ]


def _paths(rule: Mapping[str, Any]) -> list[str]:
    return [
        str(value)
        for condition in rule["Conditions"]
        if condition["Field"] == "path-pattern"
        for value in condition["PathPatternConfig"]["Values"]
    ]
