"""The way to a public service, proven: one rule, healthy targets, and no way to an internal one."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import (
    MODULE,
    SERVICE,
    containers,
    depends_on,
    full_name,
    is_internal,
    is_public,
    port,
)

INGRESS, SERVICE_FILE, TASK = f"{MODULE}ingress.tf", f"{MODULE}service.tf", f"{MODULE}task.tf"
RULES = f"{MODULE}rules.tf"
DEPLOYMENT_TIMEOUT = 900
GROUP = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/other/0123456789abcdef"
OTHER = f'for_each = [{{ arn = "{GROUP}" }}]'
WRONG = [
    Refusal("routing.deregistration_delay", st.sampled_from([-1, 901, 3600, 0.5]), where=is_public),
    Refusal("admitted_ports", st.sampled_from([[0], [8080, 65536], [80.5]])),
    Refusal("stop_timeout", st.sampled_from([1, 0, -1, 121, 30.5]), says=("2 to 120",)),
    Refusal("health_check.interval", st.sampled_from([4, 0, 301]), where=lambda v: is_public(v) and has_check(v)),
    Refusal("health_check.matcher", st.sampled_from(["500", "200-", "ok"]), where=lambda v: has_check(v)),
]


def stops(variables: Variables) -> bool:
    return variables["stop_timeout"] is not None


def has_path(variables: Variables) -> bool:
    return has_check(variables) and variables["health_check"]["path"] is not None


def has_check(variables: Variables) -> bool:
    return variables["health_check"] is not None


@proof(
    37,
    "Target group attachment for public services",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "container_port   = local.port", "container_port = 1", says="port", where=is_public),
        Edit(SERVICE_FILE, "container_name   = local.name", 'container_name = "app"', says="container",
             where=is_public),
        Edit(SERVICE_FILE, "aws_lb_listener_rule.this,\n", "", says="listener rule"),
        Edit(INGRESS, "port                 = 80\n", "port = local.port\n", says="replaced with the port",
             where=lambda v: is_public(v) and v["port"] != 80),
        Edit(INGRESS, "jsonencode([local.full_name, var.platform.vpc_id])",
             "jsonencode([local.full_name, local.port, var.platform.vpc_id])", says="renamed with the port",
             where=is_public),
        Edit(SERVICE_FILE, "concat([local.port], var.admitted_ports, ", "concat([local.port], ", says="former ports",
             where=lambda v: v["port"] is not None and not {*v["admitted_ports"]} <= {v["port"]}),
    ],
)  # fmt: skip
def test_property_37_target_group_attachment_for_public_services(instance: Instance) -> None:
    """The load balancer sends requests to the service's own container, at the port where it listens; a change of the
    port leaves the group as it is, and tasks of the former port in reach."""
    balancers = instance.plan.one("aws_ecs_service").values["load_balancer"]
    # ECS refuses a target group that no listener knows.
    assert "aws_lb_listener_rule.this" in depends_on(instance, "aws_ecs_service.this"), "comes before its listener rule"
    (group,) = instance.plan.of("aws_security_group")
    admitted = {(rule["from_port"], rule["to_port"]) for rule in group.values["ingress"]}
    checked = {(instance.variables["health_check"] or {}).get("port")} - {None}
    listening = {port(instance), *instance.variables["admitted_ports"], *checked} if port(instance) else set()
    listening |= {number for sidecar in instance.variables["sidecars"] for number in sidecar["settings"]["ports"]}
    assert admitted == {(number, number) for number in listening}, "not the port and the former ports are let in"
    if not is_public(instance.variables):
        return
    balanced = instance.plan.one("aws_lb_target_group").values
    assert balanced["port"] == 80, "replaced with the port"
    named = json.dumps([full_name(instance), instance.variables["platform"]["vpc_id"]], separators=(",", ":"))
    assert balanced["name"].endswith(hashlib.sha1(named.encode(), usedforsecurity=False).hexdigest()[:6]), (
        "renamed with the port"
    )
    (attached,), own = balancers, containers(instance)[0]
    assert attached["container_name"] == own["name"], "requests go to another container"
    listens = [mapping["containerPort"] for mapping in own["portMappings"]]
    assert [attached["container_port"]] == listens == [port(instance)], "requests go to another port"
    (behind,) = instance.plan.one("aws_ecs_service").unknown["load_balancer"]
    assert behind.get("target_group_arn") is True, "attached to a target group that is there already"


@proof(
    38,
    "Target group health checks",
    of=SERVICE,
    broken_by=[
        Edit(INGRESS, "enabled             = true", "enabled = false", says="checked", where=is_public),
        Edit(INGRESS, "local.health.timeout", "local.health.interval", says="timeout",
             where=lambda v: is_public(v) and v["health_check"] is not None and v["health_check"]["interval"] <= 120),
        Edit(RULES, 'matcher = "200-499"', 'matcher = "200-299"', says="other answers",
             where=lambda v: is_public(v) and not has_check(v) and v["routing"].get("protocol_version") != "GRPC"),
        Edit(f"{MODULE}locals.tf", ' && !(key == "matcher" && local.no_path)', "", says="other answers",
             where=lambda v: is_public(v) and has_check(v) and not has_path(v)),
        Edit(RULES, 'matcher = "0-99"', 'matcher = "0"', says="other answers",
             where=lambda v: is_public(v) and not has_check(v) and v["routing"].get("protocol_version") == "GRPC"),
        Edit(RULES, "health_port = try(var.health_check.port, null)", "health_port = null", says="another port",
             where=lambda v: is_public(v) and has_check(v) and "port" in v["health_check"]),
        Edit(INGRESS, "path                = local.health.path", 'path = "/"', says="path",
             where=lambda v: is_public(v) and has_path(v)),
    ],
)  # fmt: skip
def test_property_38_target_group_health_checks(instance: Instance) -> None:
    """Targets are asked for the service's path, and answer in time."""
    is_grpc = (instance.variables["routing"] or {}).get("protocol_version") == "GRPC"
    any_answer = {"path": "/AWS.ALB/healthcheck", "matcher": "0-99"} if is_grpc else {"path": "/", "matcher": "200-499"}
    given = instance.variables["health_check"] or {}
    wanted = given if given.get("path") else given | any_answer
    for group in instance.plan.of("aws_lb_target_group"):
        (check,) = group.values["health_check"]
        assert check["enabled"], "targets are not checked"
        assert check["path"] == wanted["path"], "asked for another path"
        assert check["path"].startswith("/"), "not a path"
        assert 2 <= check["timeout"] < check["interval"] <= 300, "the timeout is not below the interval"
        assert 2 <= check["healthy_threshold"] <= 10, "healthy threshold"
        assert 2 <= check["unhealthy_threshold"] <= 10, "unhealthy threshold"
        assert check["matcher"] == wanted["matcher"], "other answers are good"
        assert check["port"] == str(wanted.get("port", "traffic-port")), "asked at another port"


@proof(
    41,
    "Deregistration delay",
    of=SERVICE,
    broken_by=[
        Edit(INGRESS, "= var.routing.deregistration_delay", "= 300", says="delay", where=is_public),
    ],
)
def test_property_41_deregistration_delay(instance: Instance) -> None:
    """A task that leaves has the time that was asked for to finish its requests, within that of a deployment."""
    for group in instance.plan.of("aws_lb_target_group"):
        delay = instance.variables["routing"]["deregistration_delay"]
        assert group.values["deregistration_delay"] == str(delay), "another delay"
        assert 0 <= delay <= DEPLOYMENT_TIMEOUT


def test_the_deregistration_delay_is_30_seconds_unless_asked_otherwise(laboratory: Laboratory) -> None:
    public = next(given for given in laboratory.generated(SERVICE)[0] if is_public(given))
    routing = {name: value for name, value in public["routing"].items() if name != "deregistration_delay"}
    document = laboratory.plan(SERVICE, [public | {"routing": routing}])
    assert '"deregistration_delay": "30"' in json.dumps(document["planned_values"])


@proof(
    41,
    "Deregistration delay",
    of=SERVICE,
    part="stop timeout",
    broken_by=[
        Edit(TASK, "stopTimeout = var.stop_timeout }", "stopTimeout = coalesce(var.stop_timeout, 30) }",
             says="default of ECS", where=lambda v: not stops(v)),
        Edit(TASK, "stopTimeout = var.stop_timeout }", "stopTimeout = 1 }", says="another stop timeout", where=stops),
        Edit(TASK, "  any_container = {\n", "  any_container = {\n    stopTimeout = var.stop_timeout\n",
             says="another container", where=lambda v: stops(v) and v["sidecars"]),
        Edit(TASK, "local.of_image[local.name], {\n",
             "local.of_image[local.name], {\n    stopTimeout = var.stop_timeout\n",
             says="another container", where=lambda v: stops(v) and v["pre_deployment"] is not None),
    ],
)  # fmt: skip
def test_property_41_deregistration_delay_stop_timeout(instance: Instance) -> None:
    """The service's own container has the seconds to end that were asked for; every other one has those of ECS."""
    (own, *others), wanted = containers(instance), instance.variables["stop_timeout"]
    assert wanted is not None or "stopTimeout" not in own, "the default of ECS is written out"
    assert own.get("stopTimeout") == wanted, "another stop timeout"
    for task in instance.plan.of("aws_ecs_task_definition"):
        others += task.document("container_definitions") if task.name == "pre_deployment" else []
    assert not any("stopTimeout" in container for container in others), "another container has it too"


@proof(
    42,
    "No ALB for internal services",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "group       = var.platform.security_groups.internal_services",
             "group = var.platform.alb.security_group_id", says="load balancer",
             where=lambda v: is_internal(v) and v["port"] is not None),
        Edit(SERVICE_FILE, "for_each = aws_lb_target_group.this", OTHER,
             says="attached", where=lambda v: is_internal(v) and v["port"] is not None),
    ],
)  # fmt: skip
def test_property_42_no_alb_for_internal_services(instance: Instance) -> None:
    """Nothing leads from the load balancer to an internal service: no target group, no rule, no open port."""
    balancer = instance.variables["platform"]["alb"]["security_group_id"]
    (group,) = instance.plan.of("aws_security_group")
    callers = {caller for rule in group.values["ingress"] for caller in rule["security_groups"]}
    if is_public(instance.variables):
        connected = "alias" in instance.variables["network"].get("connect", {})
        badge = {instance.variables["platform"]["security_groups"]["internal_services"]}
        assert callers == {balancer} | (badge if connected else set()), "others than the load balancer are let in"
        return
    assert instance.plan.of("aws_lb_target_group", "aws_lb_listener_rule") == [], "the load balancer leads here"
    assert instance.plan.one("aws_ecs_service").values["load_balancer"] == [], "attached to the load balancer"
    assert balancer not in callers, "the load balancer is let in"


def has_peers(variables: Variables) -> bool:
    return bool(variables["platform"]["peer_cidrs"])


def called_by_peers(variables: Variables) -> bool:
    return bool(variables["platform"]["caller_cidrs"]) and variables["port"] is not None


@proof(
    35,
    "Comprehensive security group rules",
    part="service",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "for cidrs in [var.platform.peer_cidrs]", "for cidrs in [[]]", says="peers",
             where=has_peers),
        Edit(SERVICE_FILE, "for cidrs in [local.caller_cidrs]", "for cidrs in [[]]", says="callers",
             where=lambda v: is_internal(v) and called_by_peers(v)),
        Edit(SERVICE_FILE, "local.public ? [] : var.platform.caller_cidrs", "var.platform.caller_cidrs", says="callers",
             where=lambda v: is_public(v) and called_by_peers(v)),
    ],
)  # fmt: skip
def test_property_35_comprehensive_security_group_rules_service(instance: Instance) -> None:
    """Tasks reach HTTPS anywhere, their VPC and the peers of it; addresses of peers reach internal services only, and
    only of peers that may call."""
    platform = instance.variables["platform"]
    (group,) = instance.plan.of("aws_security_group")
    # Of mount targets: tests/terraform/properties/test_service_storage.py
    usual = [
        rule
        for rule in group.values["egress"]
        if not rule["description"].startswith("Of the manifest") and not rule["security_groups"]
    ]
    ways_out = {(rule["from_port"], rule["to_port"], *sorted(rule["cidr_blocks"])) for rule in usual}
    peers = {(1, 65535, *sorted(platform["peer_cidrs"]))} if platform["peer_cidrs"] else set()
    expected = {(443, 443, "0.0.0.0/0"), (1, 65535, platform["vpc_cidr"])} | peers
    assert ways_out == expected, f"not HTTPS, the VPC and its peers: {ways_out}"
    callers = {cidr for rule in group.values["ingress"] for cidr in rule["cidr_blocks"]}
    listens = port(instance) or any(one["settings"]["ports"] for one in instance.variables["sidecars"])
    internal = is_internal(instance.variables) and listens
    assert callers == (set(platform["caller_cidrs"]) if internal else set()), "other callers"


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)
