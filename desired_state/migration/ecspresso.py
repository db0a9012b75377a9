"""ecspresso's files: a service definition and a task definition, in any order.

Source of the names: Amazon ECS API reference, CreateService, which ecspresso follows.
"""

from collections.abc import Iterable
from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Draft, Table, Unsaid, apply, lost, needless, to, within
from desired_state.migration.fargate import security_groups
from desired_state.migration.source import Item
from desired_state.migration.taskdefinition import complete, convert
from desired_state.migration.values import flag, label, number, text
from desired_state.migration.writing import Written

_PLATFORM: Final = "the platform of the environment has it"


def _count(item: Item, draft: Draft) -> None:
    tasks = number(item)
    draft.put("scaling", {"min": max(tasks, 1), "max": max(tasks, 1)})
    if tasks == 0:
        draft.check(item, "it ran no task: this runs one")


def _spot(item: Item, draft: Draft) -> None:
    weights = {"FARGATE": 0, "FARGATE_SPOT": 0}
    base = 0
    for one in item.items():
        provider, weight, least = one.get("capacityProvider"), one.get("weight"), one.get("base")
        if provider is None or provider.text not in weights:
            draft.lose(one, "services run on Fargate")
            continue
        weights[provider.text] += number(weight) if weight else 0
        base += number(least) if least and provider.text == "FARGATE" else 0
    total = sum(weights.values())
    if weights["FARGATE_SPOT"] and total:
        share = round(100 * weights["FARGATE_SPOT"] / total)
        draft.put("spot", {"share": share, "base": base})


def _network(item: Item, draft: Draft) -> None:
    inner = item.get("awsvpcConfiguration")
    groups = inner.get("securityGroups") if inner else None
    if groups and groups.value:
        security_groups([text(one) for one in groups.items()], groups, draft)
    for name, why in (("subnets", _PLATFORM), ("assignPublicIp", "tasks run in the private subnets")):
        found = inner.get(name) if inner else None
        if found and found.text != "DISABLED":
            draft.lose(found, why)


def _balanced(item: Item, draft: Draft) -> None:
    for index, one in enumerate(item.items()):
        if index:
            draft.lose(one, "a service has one target group")
            continue
        port, group = one.get("containerPort"), one.get("targetGroupArn")
        if port is not None:
            draft.put("port", number(port))
        draft.put("type", "public")
        draft.put("routing.paths", ["/*"])
        draft.check(
            group or one, "the listener's rule is not in the definition: write the paths, hosts and health check"
        )


def _connect(item: Item, draft: Draft) -> None:
    enabled, services = item.get("enabled"), item.get("services")
    if enabled is None or not flag(enabled):
        return
    connect: dict[str, JsonValue] = {}
    item.skip("namespace", "logConfiguration")
    for index, one in enumerate(services.items() if services else ()):
        one.skip("portName")
        aliases, discovery = one.get("clientAliases"), one.get("discoveryName")
        ports = [found for alias in aliases.items() if (found := alias.get("port"))] if aliases else []
        names = [found for alias in aliases.items() if (found := alias.get("dnsName"))] if aliases else []
        if index:
            draft.lose(one, "a service has one port, and so one name in Service Connect")
            continue
        if found := next((known for known in (*names, discovery) if known), None):
            connect["alias"] = label(text(found).partition(".")[0])
            if "." in text(found):
                draft.check(found, "an alias is one word: callers write it without the rest of the name")
        if ports:
            connect["port"] = number(ports[0])
    draft.put("connect", connect)


def _controller(item: Item, draft: Draft) -> None:
    kind = item.get("type")
    if kind is not None and kind.text != "ECS":
        raise Unsaid(f"ECS rolls services out itself here, not {kind.text[:40]}")


def _breaker(item: Item, draft: Draft) -> None:
    enabled = item.get("enable")
    item.skip("rollback")  # a rollout that fails is always rolled back
    if enabled is not None:
        draft.put("deployment.circuitBreaker", flag(enabled))


def _alarms(item: Item, draft: Draft) -> None:
    names, enabled = item.get("alarmNames"), item.get("enable")
    item.skip("rollback")  # a rollout that fails is always rolled back
    if names and (enabled is None or flag(enabled)):
        draft.put("deployment.rollbackAlarms", [text(one) for one in names.items()])


_DEPLOYMENT: Final[Table] = {
    "minimumHealthyPercent": to("deployment.minimumHealthyPercent", number),
    "maximumPercent": to("deployment.maximumPercent", number),
    "deploymentCircuitBreaker": _breaker,
    "alarms": _alarms,
    "strategy": lost("services are rolled out task by task"),
    "bakeTimeInMinutes": lost("it belongs to blue/green deployments"),
    "lifecycleHooks": lost("write preDeployment for a command that runs before a deployment"),
    "canaryConfiguration": lost("services are rolled out task by task"),
    "linearConfiguration": lost("services are rolled out task by task"),
}
SERVICE: Final[Table] = {
    "serviceName": needless,
    "taskDefinition": needless,
    "cluster": needless,
    "desiredCount": _count,
    "capacityProviderStrategy": _spot,
    "networkConfiguration": _network,
    "loadBalancers": _balanced,
    "serviceConnectConfiguration": _connect,
    "deploymentConfiguration": within(_DEPLOYMENT),
    "deploymentController": _controller,
    "enableExecuteCommand": to("exec", flag),
    "healthCheckGracePeriodSeconds": lost("write startPeriod in healthCheck"),
    "serviceRegistries": lost("each internal service gets a name in the platform's Cloud Map"),
    "platformVersion": lost("services run on the latest version of Fargate"),
    "role": lost("ECS has a role of its own for load balancers"),
    "placementConstraints": lost("Fargate does not have it"),
    "placementStrategy": lost("Fargate does not have it"),
    "volumeConfigurations": lost("a service has EFS and the disk of its task, and no other volumes"),
    "vpcLatticeConfigurations": lost("there is no field for VPC Lattice"),
    "tags": lost("tags come from the labels of the manifest and from the platform"),
    **dict.fromkeys(
        (
            "launchType",
            "schedulingStrategy",
            "enableECSManagedTags",
            "propagateTags",
            "availabilityZoneRebalancing",
            "deployments",
            "events",
            "status",
            "serviceArn",
            "clusterArn",
            "createdAt",
            "createdBy",
            "roleArn",
            "runningCount",
            "pendingCount",
            "platformFamily",
        ),
        needless,
    ),
}


def import_(items: Iterable[Item]) -> tuple[Written, ...]:
    """Return the manifest of a service. Raises Unsaid if no task definition is among the documents."""
    documents = list(items)
    tasks = [one for one in documents if one.get("containerDefinitions") or _is_task(one)]
    services = [one for one in documents if one not in tasks and not _is_configuration(one)]
    if not tasks:
        raise Unsaid("there is no task definition: name ecs-task-def.json too, or ecspresso.yml")
    draft = Draft()
    balanced = services[0].get("loadBalancers") if services else None
    own = next((one.get("containerName") for one in balanced.items()), None) if balanced else None
    name = convert(tasks[0], draft, own.text if own else None)
    named = [found for one in documents if (found := one.get("serviceName") or one.get("service"))]
    if services:
        apply(SERVICE, services[0], draft)
    for one in (*tasks, *services):
        draft.lose_unseen(one)
    return (complete(label(named[0].text) if named and isinstance(named[0].value, str) else name, draft),)


def files_of(item: Item) -> tuple[str, ...]:
    """Return the paths that a configuration of ecspresso names, relative to it."""
    found = (item.get("service_definition"), item.get("task_definition"))
    return tuple(text(one) for one in found if one is not None)


def _is_configuration(item: Item) -> bool:
    return item.get("task_definition") is not None


def _is_task(item: Item) -> bool:
    inner = item.get("taskDefinition")
    return inner is not None and isinstance(inner.value, dict)
