"""The rules of a public service at the load balancer, as its Terraform root has them."""

from typing import Any

from desired_state.kinds.service.rules import Conditions, Redirect
from desired_state.kinds.service.traffic import Routing, Stickiness


def routing_variables(routing: Routing) -> dict[str, Any]:
    """Return the variable `routing`. What the manifest leaves out is left out, so that digests stay as they were."""
    given = {
        "rules": _rules(routing),
        "stickiness": _stickiness(routing.stickiness) if routing.stickiness else None,
        "slow_start": int(routing.slow_start.total_seconds()) if routing.slow_start else None,
        "algorithm": routing.algorithm,
        "protocol_version": routing.protocol_version,
    }
    return {
        **_conditions(routing),
        "deregistration_delay": routing.deregistration_delay,
        **{name: value for name, value in given.items() if value},
    }


def _rules(routing: Routing) -> dict[str, Any]:
    """Return the further rules by keys that stay: the place of each among the rules or redirects of the manifest."""
    rules = {f"rule-{index}": _conditions(rule) for index, rule in enumerate(routing.rules)}
    return rules | {f"redirect-{index}": _redirect(rule) for index, rule in enumerate(routing.redirects)}


def _conditions(rule: Conditions) -> dict[str, Any]:
    fields = {"paths", "priority", "hosts", "headers", "methods", "query", "sources"}
    return rule.model_dump(mode="json", by_alias=False, include=fields)


def _redirect(rule: Redirect) -> dict[str, Any]:
    status = {"status_code": "HTTP_301" if rule.permanent else "HTTP_302"}
    port = {"port": str(rule.to.port)} if rule.to.port else {}
    return {**_conditions(rule), "redirect": {**rule.to.model_dump(mode="json", by_alias=False), **port, **status}}


def _stickiness(stickiness: Stickiness) -> dict[str, Any]:
    cookie = {"cookie": stickiness.cookie} if stickiness.cookie else {}
    return {"duration": int(stickiness.duration.total_seconds()), **cookie}
