"""Service checks: placement, rollout, monitoring, delivery."""

from collections.abc import Iterator

from desired_state.checks.conflicts import Tier
from reconciler.core.verification.account import Account, Pipeline, Project, Service
from reconciler.core.verification.finding import Violation

# Branches that start a pipeline, by tier: none in develop, where pipelines are started manually.
BRANCHES = {"develop": frozenset[str](), "test": frozenset({"release/*.*.*"}), "prod": frozenset({"prod/*"})}
BRANCHES["qa"] = BRANCHES["test"]
METRICS = frozenset({"CPUUtilization", "MemoryUtilization", "RunningTaskCount"})
PUBLIC_METRICS = frozenset({"UnHealthyHostCount", "HTTPCode_Target_5XX_Count"})
OUTCOMES = frozenset({f"codepipeline-pipeline-pipeline-execution-{outcome}" for outcome in ("failed", "succeeded")})
ASKED = "codepipeline-pipeline-manual-approval-needed"
CONNECTION_SOURCE = "CodeStarSourceConnection"


def insights_group(cluster: str) -> str:
    """Return the log group to which Container Insights of ECS writes.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContainerInsights-reference-performance-logs-ECS.html
    """
    return f"/aws/ecs/containerinsights/{cluster}/performance"


def clusters(account: Account, environment: str) -> Iterator[Violation]:
    if not account.clusters:
        yield Violation(f"cluster {environment}", 47, "does not exist")
    for cluster in account.clusters:
        if cluster.insights not in ("enabled", "enhanced"):
            yield Violation(f"cluster {cluster.name}", 11, f"container insights are {cluster.insights}")
        elif insights_group(cluster.name) not in {group.name for group in account.log_groups}:
            found = "does not exist, and ECS makes it without key and retention"
            yield Violation(f"log group {insights_group(cluster.name)}", 9, found)


def placement(account: Account, environment: str) -> Iterator[Violation]:
    public = frozenset[str]().union(*(vpc.public_subnets for vpc in account.vpcs))
    for service in account.services:
        if service.public_address or service.subnets & public:
            yield Violation(f"service {service.name}", 27, "its tasks have public addresses or run in public subnets")


def rollouts(account: Account, environment: str) -> Iterator[Violation]:
    for service in account.services:
        where = f"service {service.name}"
        if (service.minimum_percent, service.maximum_percent) != (100, 200):
            percents = f"{service.minimum_percent} and {service.maximum_percent} %"
            yield Violation(where, 16, f"a rollout keeps {percents} of the tasks, not 100 and 200 %")
        if not (service.breaks_circuit and service.rolls_back):
            yield Violation(where, 16, "the deployment circuit breaker does not roll back")


def belongings(account: Account, environment: str) -> Iterator[Violation]:
    """Check that every service has a repository and a log group of its own."""
    repositories = {repository.name for repository in account.repositories}
    groups = {group.name for group in account.log_groups}
    for service in account.services:
        if f"{environment}/{service.name}" not in repositories:
            yield Violation(f"service {service.name}", 17, f"there is no repository {environment}/{service.name}")
        own = f"/ecs/{environment}/{service.name}"
        if own not in service.log_groups or own not in groups:
            named = ", ".join(sorted(service.log_groups)) or "nowhere"
            yield Violation(f"service {service.name}", 29, f"logs to {named}, not to {own}")


def alarms(account: Account, environment: str) -> Iterator[Violation]:
    for alarm in account.alarms:
        if not alarm.notifies:
            yield Violation(f"alarm {alarm.name}", 30, "notifies no topic")
    for service in account.services:
        wanted = METRICS | (PUBLIC_METRICS if service.target_groups else frozenset())
        missing = wanted - _watched(account, service)
        if missing:
            yield Violation(f"service {service.name}", 30, f"no alarm watches {', '.join(sorted(missing))}")


def pipelines(account: Account, environment: str, tier: Tier) -> Iterator[Violation]:
    found = {pipeline.name: pipeline for pipeline in account.pipelines}
    projects = {project.name: project for project in account.projects}
    for service in account.services:
        name = f"{environment}-{service.name}"
        if name not in found:
            yield Violation(f"service {service.name}", 15, f"there is no pipeline {name}")
        else:
            yield from _pipeline(found[name], tier)
        if name not in projects:
            yield Violation(f"service {service.name}", 13, f"there is no build project {name}")
        else:
            yield from _project(projects[name])


def _watched(account: Account, service: Service) -> frozenset[str]:
    return frozenset(
        alarm.metric
        for alarm in account.alarms
        if alarm.dimensions.get("ServiceName") == service.name
        or alarm.dimensions.get("TargetGroup") in service.target_groups
    )


def _pipeline(pipeline: Pipeline, tier: Tier) -> Iterator[Violation]:
    where = f"pipeline {pipeline.name}"
    if pipeline.source != CONNECTION_SOURCE or pipeline.connection is None:
        yield Violation(where, 12, f"its source is {pipeline.source}, not a connection")
    if pipeline.branches != BRANCHES[tier]:
        yield Violation(where, 15, f"{_starts(pipeline.branches)} start it, not {_starts(BRANCHES[tier])}")
    deploys = "Deploy" in pipeline.stages
    if deploys and tier == "prod" and pipeline.stages[-2:] != ("Approval", "Deploy"):
        yield Violation(where, 15, f"no approval between {' and '.join(pipeline.stages[-2:])}")
    wanted = OUTCOMES | ({ASKED} if deploys and tier == "prod" else frozenset())
    if missing := wanted - pipeline.events:
        yield Violation(where, 32, f"no notification of {', '.join(sorted(missing))}")
    for target, status in sorted(pipeline.unreached.items()):
        yield Violation(f"target {target}", 32, f"notifications of {pipeline.name} do not arrive: it is {status}")


def _starts(branches: frozenset[str] | None) -> str:
    if branches is None:
        return "all pushes to its branch"
    return f"pushes to {', '.join(sorted(branches))}" if branches else "manual starts"


def _project(project: Project) -> Iterator[Violation]:
    if project.source != "CODEPIPELINE":
        yield Violation(f"build project {project.name}", 13, f"its source is {project.source}, not the pipeline")
    if not project.privileged:
        yield Violation(f"build project {project.name}", 13, "is not privileged, so it cannot build images")
