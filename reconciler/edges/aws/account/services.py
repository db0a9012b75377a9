"""The cluster of one environment and its services, with their alarms, build projects and pipelines."""

from asyncio import gather
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.verification.account import Alarm, Cluster, Pipeline, Project, Service
from reconciler.edges.aws.account.calls import Calls, tags_of

_AT_ONCE = 10  # services per DescribeServices
_PROJECTS_AT_ONCE = 100


async def read_clusters(calls: Calls) -> tuple[Cluster, ...]:
    """Return the active cluster with the environment's name, or nothing."""
    found = await calls.one("ecs", "describe_clusters", clusters=[calls.environment.name], include=["SETTINGS", "TAGS"])
    return tuple(
        Cluster(
            name=each["clusterName"],
            insights={entry["name"]: entry["value"] for entry in each.get("settings", ())}.get(
                "containerInsights", "disabled"
            ),
            tags=tags_of(each.get("tags")),
        )
        for each in found["clusters"]
        if each["status"] == "ACTIVE"
    )


async def read_services(calls: Calls) -> tuple[Service, ...]:
    """Return the services of the environment's cluster, which must exist."""
    cluster = calls.environment.name
    arns = await calls.every("ecs", "list_services", "serviceArns", cluster=cluster)
    described = await gather(
        *(
            calls.one("ecs", "describe_services", cluster=cluster, services=list(some), include=["TAGS"])
            for some in _batches(arns, _AT_ONCE)
        )
    )
    return tuple(await gather(*(_service(calls, each) for page in described for each in page["services"])))


async def read_alarms(calls: Calls, balancers: Collection[str], groups: Collection[str]) -> tuple[Alarm, ...]:
    """Return the alarms on the environment's cluster, on these load balancers (by name) and on these target groups."""
    found = await calls.every("cloudwatch", "describe_alarms", "MetricAlarms")
    alarms = [_alarm(each) for each in found]
    cluster = calls.environment.name
    return tuple(
        alarm
        for alarm in alarms
        if alarm.dimensions.get("ClusterName") == cluster
        or alarm.dimensions.get("TargetGroup") in groups
        or _balancer_of(alarm) in balancers
    )


async def read_projects(calls: Calls, names: Sequence[str]) -> tuple[Project, ...]:
    """Return the named build projects that exist."""
    pages = await gather(
        *(calls.one("codebuild", "batch_get_projects", names=list(some)) for some in _batches(names, _PROJECTS_AT_ONCE))
    )
    return tuple(
        Project(
            name=each["name"],
            source=each["source"]["type"],
            privileged=each["environment"].get("privilegedMode", False),
            key=each.get("encryptionKey"),
            tags=tags_of(each.get("tags")),
            role=each.get("serviceRole"),
        )
        for page in pages
        for each in page["projects"]
    )


async def read_pipelines(calls: Calls, names: Sequence[str]) -> tuple[Pipeline, ...]:
    """Return the named pipelines that exist."""
    found = await gather(*(_pipeline(calls, name) for name in names))
    return tuple(pipeline for pipeline in found if pipeline is not None)


async def _service(calls: Calls, service: Mapping[str, Any]) -> Service:
    described = await calls.one("ecs", "describe_task_definition", taskDefinition=service["taskDefinition"])
    task = described["taskDefinition"]
    roles = {"execution": task.get("executionRoleArn"), "task": task.get("taskRoleArn")}
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    rollout = service.get("deploymentConfiguration", {})
    breaker = rollout.get("deploymentCircuitBreaker", {})
    logs = [each.get("logConfiguration", {}) for each in task["containerDefinitions"]]
    return Service(
        name=service["serviceName"],
        subnets=frozenset(network.get("subnets", ())),
        public_address=network.get("assignPublicIp") == "ENABLED",
        minimum_percent=rollout.get("minimumHealthyPercent", 0),
        maximum_percent=rollout.get("maximumPercent", 0),
        breaks_circuit=breaker.get("enable", False),
        rolls_back=breaker.get("rollback", False),
        log_groups=frozenset(each["options"]["awslogs-group"] for each in logs if each.get("logDriver") == "awslogs"),
        target_groups=frozenset(each["targetGroupArn"].rpartition(":")[2] for each in service.get("loadBalancers", ())),
        tags=tags_of(service.get("tags")),
        roles={user: arn for user, arn in roles.items() if arn},
    )


def _alarm(alarm: Mapping[str, Any]) -> Alarm:
    return Alarm(
        name=alarm["AlarmName"],
        metric=alarm.get("MetricName", ""),
        dimensions={entry["Name"]: entry["Value"] for entry in alarm.get("Dimensions", ())},
        notifies=bool(alarm.get("ActionsEnabled") and alarm.get("AlarmActions")),
    )


def _balancer_of(alarm: Alarm) -> str:
    """Return the name in a dimension such as `app/prod/0123456789abcdef`; an empty string without one."""
    return alarm.dimensions.get("LoadBalancer", "").partition("/")[2].partition("/")[0]


async def _pipeline(calls: Calls, name: str) -> Pipeline | None:
    found = await calls.maybe("codepipeline", "get_pipeline", missing={"PipelineNotFoundException"}, name=name)
    if found is None:
        return None
    pipeline, arn = found["pipeline"], found["metadata"]["pipelineArn"]
    tagged, (events, unreached) = await gather(
        calls.one("codepipeline", "list_tags_for_resource", resourceArn=arn), _notifications(calls, arn)
    )
    source = pipeline["stages"][0]["actions"][0]
    configuration = source.get("configuration", {})
    detects = configuration.get("DetectChanges", "true") != "false"
    return Pipeline(
        name=name,
        stages=tuple(stage["name"] for stage in pipeline["stages"]),
        source=source["actionTypeId"]["provider"],
        connection=configuration.get("ConnectionArn"),
        branches=None if detects else frozenset(_branches(pipeline)),
        key=pipeline.get("artifactStore", {}).get("encryptionKey", {}).get("id"),
        events=events,
        tags=tags_of(tagged["tags"]),
        unreached=unreached,
        role=pipeline.get("roleArn"),
    )


def _branches(pipeline: Mapping[str, Any]) -> Sequence[str]:
    pushes = [
        push for trigger in pipeline.get("triggers", ()) for push in trigger.get("gitConfiguration", {}).get("push", ())
    ]
    return [branch for push in pushes for branch in push.get("branches", {}).get("includes", ())]


async def _notifications(calls: Calls, pipeline: str) -> tuple[frozenset[str], Mapping[str, str]]:
    """Return the event types that reach a target, and the targets that AWS does not reach, with their status.

    A rule stays ENABLED when its target is not reached; only the target's own status says so:
    https://docs.aws.amazon.com/codestar-notifications/latest/APIReference/API_TargetSummary.html
    """
    service = "codestar-notifications"
    about = [{"Name": "RESOURCE", "Value": pipeline}]
    listed = await calls.every(service, "list_notification_rules", "NotificationRules", Filters=about)
    rules = await gather(*(calls.one(service, "describe_notification_rule", Arn=each["Arn"]) for each in listed))
    enabled = [rule for rule in rules if rule["Status"] == "ENABLED"]
    targets = [target for rule in enabled for target in rule.get("Targets", ())]
    events = [event["EventTypeId"] for rule in enabled if _reached(rule) for event in rule["EventTypes"]]
    unreached = {each["TargetAddress"]: each["TargetStatus"] for each in targets if each["TargetStatus"] != "ACTIVE"}
    return frozenset(events), unreached


def _reached(rule: Mapping[str, Any]) -> bool:
    return any(target["TargetStatus"] == "ACTIVE" for target in rule.get("Targets", ()))


def _batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))
