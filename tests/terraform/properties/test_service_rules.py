"""The rules of a public service, proven: the conditions of each, redirects, and how requests are spread over tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.plans import Resource
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.routings import CONDITIONS
from tests.terraform.properties.services import MODULE, SERVICE, is_public

GROUP = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/other/0123456789abcdef"
INGRESS, RULES = f"{MODULE}ingress.tf", f"{MODULE}rules.tf"


def rules(*priorities: int, **changes: Any) -> dict[str, Any]:
    """Return further rules in the form in which messages show them."""
    usual: dict[str, Any] = {"paths": ["/more"], "redirect": None, "hosts": [], "methods": [], "sources": []}
    usual |= {"headers": {}, "query": {}}
    found = [{**usual, "priority": priority, **changes} for priority in priorities]
    return {f"rule-{index}": {name: one[name] for name in sorted(one)} for index, one in enumerate(found)}


def has_one_rule(variables: Variables) -> bool:
    return is_public(variables) and "rules" not in variables["routing"]


CROWDED = rules(50000, hosts=[f"h{n}.example.com" for n in range(5)])
WRONG = [
    Refusal("routing.priority", st.sampled_from([0, -1, 50001, 1.5]), where=is_public),
    Refusal("routing.paths", st.sampled_from([["orders"], [], ["/a b"], ["/" + "x" * 128]]), where=is_public),
    Refusal("routing.hosts", st.sampled_from([["Shop.example.com"], ["shop"], ["shop.*"]]), where=has_one_rule,
            says=("lower case",)),
    Refusal("routing.rules", st.sampled_from([rules(7, 7), CROWDED, rules(0), rules(7, paths=["more"])]),
            where=has_one_rule),
    Refusal("routing.slow_start", st.sampled_from([29, 901]), where=is_public),
    Refusal("routing.algorithm", st.sampled_from(["random", "in_turn"]), where=is_public),
    Refusal("routing.protocol_version", st.sampled_from(["HTTP3", "grpc"]), where=is_public),
    Refusal("routing.stickiness.duration", st.sampled_from([0, 604801]), where=is_public),
]  # fmt: skip


def rules_of(variables: Variables) -> list[Variables]:
    routing = variables["routing"]
    return [routing, *routing.get("rules", {}).values()] if routing else []


def some(test: Callable[[Variables], Any]) -> Callable[[Variables], bool]:
    """Return whether a rule of the variables passes the test."""
    return lambda variables: any(test(one) for one in rules_of(variables))


def planned_conditions(planned: Resource) -> Variables:
    """Return the conditions of a planned rule, in the form of the variables."""
    found: Variables = {}
    for condition in planned.values["condition"]:
        for kind, name in (("path_pattern", "paths"), ("host_header", "hosts"), ("http_request_method", "methods"),
                           ("source_ip", "sources")):  # fmt: skip
            for block in condition[kind]:
                found[name] = sorted(block["values"])
        for block in condition["http_header"]:
            found.setdefault("headers", {})[block["http_header_name"]] = sorted(block["values"])
        for block in condition["query_string"]:
            found.setdefault("query", {}).setdefault(block["key"], []).append(block["value"])
    found["query"] = {name: sorted(values) for name, values in found.get("query", {}).items()}
    return found


def wanted_conditions(one: Variables) -> Variables:
    return {"query": {}} | {
        name: {key: sorted(values) for key, values in one[name].items()} if isinstance(one[name], dict)
        else sorted(one[name])
        for name in ("paths", *CONDITIONS) if one.get(name)
    }  # fmt: skip


@proof(
    39,
    "Path-based routing",
    of=SERVICE,
    broken_by=[
        Edit(RULES, "values = each.value.paths", 'values = ["/*"]', says="paths", where=is_public),
        Edit(RULES, "priority     = each.value.priority", "priority = 1", says="priority",
             where=some(lambda one: one["priority"] > 1)),
        Edit(RULES, "listener_arn = var.platform.alb.listener_arn", "listener_arn = var.platform.alb.arn",
             says="listener", where=is_public),
        Edit(RULES, "length(each.value.hosts) == 0", "true", says="other requests",
             where=some(lambda one: "hosts" in one)),
        Edit(RULES, "length(each.value.methods) == 0", "true", says="other requests",
             where=some(lambda one: "methods" in one)),
        Edit(RULES, "length(each.value.sources) == 0", "true", says="other requests",
             where=some(lambda one: "sources" in one)),
        Edit(RULES, "for_each = each.value.headers", "for_each = {}", says="other requests",
             where=some(lambda one: "headers" in one)),
        Edit(RULES, "for_each = each.value.query", "for_each = {}", says="other requests",
             where=some(lambda one: "query" in one)),
        Edit(RULES, "merge(routing.rules, {", "merge({}, {", says="a rule for each",
             where=some(lambda one: "redirect" in one)),
    ],
)  # fmt: skip
def test_property_39_path_based_routing(instance: Instance) -> None:
    """The rules that were asked for, at the environment's listener, lead exactly their requests to the service."""
    wanted = {one["priority"]: one for one in rules_of(instance.variables)}
    planned_rules = instance.plan.of("aws_lb_listener_rule")
    assert len(planned_rules) == len(wanted), "not a rule for each that was asked for"
    assert {planned.values["priority"] for planned in planned_rules} == {*wanted}, "a rule has another priority"
    for planned in planned_rules:
        one = wanted[planned.values["priority"]]
        found = planned_conditions(planned)
        assert found["paths"] == sorted(one["paths"]), "it takes other paths"
        assert found == wanted_conditions(one), "it takes other requests"
        listener = instance.variables["platform"]["alb"]["listener_arn"]
        assert planned.values["listener_arn"] == listener, "it stands at another listener"


@proof(
    39,
    "Path-based routing",
    part="redirects",
    of=SERVICE,
    broken_by=[
        Edit(RULES, "host        = action.value.host", 'host = "elsewhere.example"', says="another address",
             where=some(lambda one: "redirect" in one)),
        Edit(RULES, "status_code = action.value.status_code", 'status_code = "HTTP_301"', says="another status",
             where=some(lambda one: one.get("redirect", {}).get("status_code", "HTTP_301") == "HTTP_302")),
        Edit(RULES, "target_group_arn = action.value", f'target_group_arn = "{GROUP}"', says="there already",
             where=is_public),
        Edit(RULES, "if redirect == null]", "]", says="one action", where=some(lambda one: "redirect" in one)),
    ],
)  # fmt: skip
def test_property_39_path_based_routing_redirects(instance: Instance) -> None:
    """A redirect sends requests to the address that was asked for; every other rule forwards to the service's tasks."""
    wanted = {one["priority"]: one.get("redirect") for one in rules_of(instance.variables)}
    for planned in instance.plan.of("aws_lb_listener_rule"):
        redirect = wanted[planned.values["priority"]]
        assert len(planned.values["action"]) == 1, "a rule has not one action"
        (action,) = planned.values["action"]
        assert action["type"] == ("redirect" if redirect else "forward")
        if redirect:
            (planned_redirect,) = action["redirect"]
            for name, usual in (("host", "#{host}"), ("path", "/#{path}"), ("port", "#{port}"), ("query", "#{query}")):
                assert planned_redirect[name] == redirect.get(name, usual), "it leads to another address"
            assert planned_redirect["status_code"] == redirect.get("status_code", "HTTP_302"), "another status"
            assert planned_redirect["protocol"] == "#{protocol}", "it leaves HTTPS"
        else:
            (made,) = planned.unknown["action"]
            assert made.get("target_group_arn") is True, "it leads to a target group that is there already"


def spread(field: str) -> Callable[[Variables], bool]:
    return lambda variables: is_public(variables) and field in variables["routing"]


@proof(
    37,
    "Target group attachment for public services",
    part="spreading",
    of=SERVICE,
    broken_by=[
        Edit(INGRESS, "= var.routing.algorithm", "= null", says="another algorithm",
             where=lambda v: spread("algorithm")(v) and v["routing"]["algorithm"] != "round_robin"),
        Edit(INGRESS, "= var.routing.slow_start", "= null", says="at once", where=spread("slow_start")),
        Edit(INGRESS, "= var.routing.protocol_version", "= null", says="another protocol",
             where=lambda v: spread("protocol_version")(v) and v["routing"]["protocol_version"] != "HTTP1"),
        Edit(INGRESS, "= stickiness.value.duration", "= 1", says="sticky",
             where=lambda v: spread("stickiness")(v) and v["routing"]["stickiness"]["duration"] > 1),
        Edit(INGRESS, "cookie_name     = stickiness.value.cookie", "cookie_name = null", says="sticky",
             where=lambda v: spread("stickiness")(v) and "cookie" in v["routing"]["stickiness"]),
    ],
)  # fmt: skip
def test_property_37_target_group_attachment_for_public_services_spreading(instance: Instance) -> None:
    """Requests are spread over tasks as was asked for, and else as load balancers do: in turn, at once, over HTTP/1.1,
    without a cookie. What is not asked for is not written, so that nothing differs from AWS's own values."""
    for group in instance.plan.of("aws_lb_target_group"):
        routing, values = instance.variables["routing"], group.values
        assert values.get("load_balancing_algorithm_type") == routing.get("algorithm"), "another algorithm"
        assert (values["slow_start"] or 0) == routing.get("slow_start", 0), "tasks get all requests at once"
        assert values.get("protocol_version") == routing.get("protocol_version"), "another protocol"
        sticky = [(one["type"], one["cookie_duration"], one["cookie_name"]) for one in values.get("stickiness") or ()]
        wanted = routing.get("stickiness")
        cookie = (wanted or {}).get("cookie")
        kind = "app_cookie" if cookie else "lb_cookie"
        assert sticky == ([(kind, wanted["duration"], cookie)] if wanted else []), "not sticky as asked"


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_rules_are_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)
