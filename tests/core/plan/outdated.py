"""A corpus of differences that only the state does not know, which are no drift."""

from tests.core.plan.differences import Case, policy

# Of a state that another version of the provider wrote: it has no value for what that version did not know.
UPGRADED: dict[str, Case] = {
    "an attribute with a default": (
        "aws_iam_role.task",
        {"max_session_duration": None},
        {"max_session_duration": 3600},
    ),
    "an attribute that AWS fills in": (
        "aws_lb_target_group.this",
        {"ip_address_type": None},
        {"ip_address_type": "ipv4"},
    ),
    "a block": (
        "aws_lb_target_group.this",
        {"target_failover": None},
        {"target_failover": [{"on_deregistration": "no_rebalance"}]},
    ),
    "an attribute inside of a block": (
        "aws_ecs_service.this",
        {"network_configuration": [{"subnets": ["a"], "assign_public_ip": None}]},
        {"network_configuration": [{"subnets": ["a"], "assign_public_ip": True}]},
    ),
    "an attribute that the state lacks": ("aws_ecs_service.this", {}, {"availability_zone_rebalancing": "ENABLED"}),
}
# The root asks for the value that was found, and the state has another one: it was put back by hand, or written anew.
PUT_BACK: dict[str, Case] = {
    "a block": (
        "module.service.aws_ecs_service.this",
        {"deployment_circuit_breaker": []},
        {"deployment_circuit_breaker": [{"enable": True, "rollback": True}]},
    ),
    "a number": ("aws_cloudwatch_log_group.this", {"retention_in_days": 1}, {"retention_in_days": 30}),
    "a tag": ("aws_lb.this", {"tags": {"Owner": "b"}}, {"tags": {"Owner": "a"}}),
    "members of a set": ("aws_subnet.this", {"zones": ["a"]}, {"zones": ["a", "b"]}),
    "a policy": ("aws_sns_topic.this", {"policy": "{}"}, policy()),
}
