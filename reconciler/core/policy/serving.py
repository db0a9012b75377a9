"""Serving now: resources that answer callers, and the ways to replace one of them without an outage.

Such a resource holds no data and can be made again as it was; while it is gone, its callers get no answer.
"""

from collections.abc import Callable, Mapping

from reconciler.core.plan.model import Change, Plan
from reconciler.core.wording import first_few

_NAMED = 3
_NAME = "aws_service_discovery_service"
_CREATED_FIRST = ("create", "delete")  # Terraform's order of actions with `create_before_destroy`


def _always(_change: Change) -> bool:
    return True


def _has_tasks(service: Change) -> bool:
    return service.before.get("desired_count") != 0


def _is_attached(group: Change) -> bool:
    """Return whether a load balancer forwards to the target group; the provider reads it from AWS at every refresh."""
    return group.before.get("load_balancer_arns") != []


def _waits_until_steady(service: Change) -> bool:
    """Return whether Terraform deletes the old service only after the tasks of the new one are healthy."""
    return service.after.get("wait_for_steady_state") is True


def _never(_change: Change) -> bool:
    return False


# A type: when does it serve, and is its replacement without an outage once Terraform makes the new one first? A new
# target group is empty when the rule begins to forward to it. A listener's port and a name in a namespace exist once,
# so that the old one goes first or another port or name serves afterwards.
_SERVING: Mapping[str, tuple[Callable[[Change], bool], Callable[[Change], bool]]] = {
    "aws_ecs_service": (_has_tasks, _waits_until_steady),
    "aws_lb_target_group": (_is_attached, _never),
    "aws_alb_target_group": (_is_attached, _never),
    "aws_lb_listener": (_always, _never),
    "aws_alb_listener": (_always, _never),
    "aws_lb_listener_rule": (_always, _always),
    "aws_alb_listener_rule": (_always, _always),
    _NAME: (_always, _never),
}


def interrupts(change: Change) -> bool:
    """Return whether the change takes away what serves now, and no way to do so without an outage is known."""
    if not change.deletes or change.type not in _SERVING:
        return False
    serves, is_replaced_safely = _SERVING[change.type]
    safe = change.actions == _CREATED_FIRST and is_replaced_safely(change)
    return serves(change) and not safe


def refusal(plan: Plan) -> str | None:
    """Return why a plan is refused that takes the load balancer or the name from an ECS service whose tasks run, or its
    target group, whose name the new one could not have.

    Its callers would lose it, and AWS would stop half-way: Terraform deletes the name before it updates the service,
    which Cloud Map refuses while tasks are registered (AWS Cloud Map API reference, DeleteService: ResourceInUse).
    """
    spoken = [change.address for change in plan.changes if _speaks_otherwise(change)]
    if spoken:
        return (
            f"{first_few(spoken, _NAMED)} would be replaced by an empty one while its tasks run: a target group cannot"
            " change its protocol. Leave `protocolVersion` as it was, or add a second service with another name, let"
            " its callers move there, then remove this one; nothing was touched"
        )
    names = {str(change.before.get("arn")) for change in plan.changes if change.type == _NAME and change.deletes}
    found = [change.address for change in plan.changes if _loses_its_callers(change, names)]
    if not found:
        return None
    return (
        f"{first_few(found, _NAMED)} would no longer be where its callers reach it, while its tasks run. Leave `type`,"
        " and `port` of an internal service, as they were. To change them, add a second service with another name, let"
        " its callers move there, then remove this one; nothing was touched"
    )


def _speaks_otherwise(group: Change) -> bool:
    is_replaced = group.type == "aws_lb_target_group" and group.deletes and "create" in group.actions
    versions = [values.get("protocol_version") or "HTTP1" for values in (group.before, group.after)]
    return is_replaced and _is_attached(group) and versions[0] != versions[1]


def _loses_its_callers(service: Change, deleted_names: set[str]) -> bool:
    if service.type != "aws_ecs_service" or service.actions != ("update",) or not _has_tasks(service):
        return False
    balancers = service.before.get("load_balancer"), service.after.get("load_balancer")
    names = {str(registry.get("registry_arn")) for registry in service.before.get("service_registries") or ()}
    return bool(names & deleted_names) or (bool(balancers[0]) and balancers[1] == [])
