"""Parts of a service's variables, generated."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st

from desired_state.kinds.service.permissions import LEVELS
from tests.terraform.inputs import Variables
from tests.terraform.properties import strategies
from tests.terraform.properties.routings import PATH

TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
kafka = st.fixed_dictionaries(
    {"brokers": st.lists(st.from_regex(r"b-[1-9]\.[a-z]{1,9}:909[2468]", fullmatch=True), min_size=1, max_size=3)}
)
alarms = st.fixed_dictionaries(
    {"cpu": st.integers(1, 100), "memory": st.integers(1, 100), "server_errors": st.integers(0, 500)}
)
times = st.one_of(
    st.sampled_from(["0 8 ? * MON-FRI *", "30 19 L * ? *", "0/15 * * * ? 2027"]).map(lambda cron: {"cron": cron}),
    st.datetimes(datetime(2027, 1, 1), datetime(2030, 1, 1)).map(lambda at: {"at": at.isoformat(timespec="seconds")}),
)


@st.composite
def scalings(draw: st.DrawFn, tier: str, public: bool, worker: bool) -> Variables:
    """Draw bounds and targets; what only this kind of service can have is often there."""
    least = 2 if tier == "prod" else 1
    fewest = draw(st.integers(least, 50))
    queue = draw(st.none() | st.fixed_dictionaries({"name": st.just("Jobs-1"), "backlog_per_task": st.integers(1, 99)}))
    given: Variables = {
        "min": 0 if worker and queue and draw(st.booleans()) else fewest,
        "max": draw(st.integers(fewest, 100)),
        "cpu": draw(st.integers(1, 100)),
        "memory": draw(st.integers(1, 100)),
        "queue": queue,
    }
    if public and draw(st.booleans()):
        given["requests_per_target"] = draw(st.integers(1, 1000))
    if draw(st.booleans()):
        given["cooldowns"] = {"scale_in": draw(st.integers(0, 3600)), "scale_out": draw(st.integers(0, 3600))}
    given["schedules"] = []
    for when in draw(st.lists(times, max_size=3)):
        bounds = sorted([draw(st.integers(0 if least == 1 or worker else least, 60)), draw(st.integers(2, 60))])
        if bounds[0] == 1 and least == 2:
            bounds[0] = 0
        zone = draw(st.sampled_from([{}, {"timezone": "Europe/Berlin"}]))
        given["schedules"].append(when | zone | {"min": bounds[0], "max": bounds[1]})
    if given["schedules"] and draw(st.booleans()):
        given["schedule_in_force"] = draw(st.integers(0, len(given["schedules"]) - 1))
    return given


# A rollout has room with any number of tasks: it may stop all of them, or start one for each.
deployments = st.fixed_dictionaries(
    {
        "minimum_healthy_percent": st.sampled_from([0, 100]),
        "maximum_percent": st.just(200),
        "circuit_breaker": st.booleans(),
        "rollback_alarms": st.lists(st.sampled_from(["cpu", "memory", "running-tasks", "shop latency"]), max_size=3),
        "force_new": st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,20}", fullmatch=True),
    }
) | st.just({"minimum_healthy_percent": 0, "maximum_percent": 100})
CHECKS = st.sampled_from([["CMD", "/bin/check", "--all"], ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]])


@st.composite
def health_checks(draw: st.DrawFn, routing: Variables | None, asked: bool) -> Variables:
    """Draw a check by path (where something can be asked), by command, or by both."""
    interval = draw(st.integers(5, 300))
    path, command = draw(st.tuples(PATH, st.none() | CHECKS) | st.tuples(st.none() | PATH, CHECKS))
    is_grpc = routing is not None and routing.get("protocol_version") == "GRPC"
    return {
        "path": path if asked else None,
        "command": command if asked else draw(CHECKS),
        "interval": interval,
        "timeout": draw(st.integers(2, min(120, interval - 1))),
        "healthy_threshold": draw(st.integers(2, 10)),
        "unhealthy_threshold": draw(st.integers(2, 10)),
        "matcher": draw(st.sampled_from(["0", "0-99", "0,12"] if is_grpc else ["200", "200-299", "200,302"])),
        "start_period": draw(st.integers(0, 300)),
        **({"port": draw(strategies.ports)} if routing is not None and draw(st.booleans()) else {}),
    }


RESOURCES = {
    "s3": "[a-z]{3,9}-[a-z]{1,6}[*]?", "dynamodb": "[a-z]{3,9}_[A-Z][a-z]{1,6}", "sqs": "[a-z]{3,9}([.]fifo)?",
    "sns": "[a-z]{3,9}-[a-z]{1,6}[*]?", "events": "[a-z]{3,9}", "kafka": "[a-z]{3,9}/[a-z]{3,9}[.][a-z]{1,6}",
    "ssm": "[a-z]{3,9}/([a-z]{1,6}|[*])", "kms": "[a-z]{3,9}-[a-z]{1,6}", "service": "[a-z]{3,9}",
}  # fmt: skip
# The levels of each service, as desired_state has them; secrets are runtime_secrets here.
GRANTED = {service: levels for service, levels in LEVELS.items() if service != "secrets"}


@st.composite
def permissions(draw: st.DrawFn, environment: Variables) -> Variables:
    """Draw grants of all services and levels, of resources by name and by ARN, and managed policies."""
    grants = []
    for service in draw(st.lists(st.sampled_from(sorted(GRANTED)), max_size=5, unique=True)):
        named = st.lists(st.from_regex(RESOURCES.get(service, ""), fullmatch=True), min_size=1, max_size=2, unique=True)
        resources = draw(named) if service in RESOURCES else []
        if service == "sqs" and draw(st.booleans()):
            resources.append(f"arn:{environment['partition']}:sqs:{environment['region']}:999999999999:partner")
        grants.append({"service": service, "access": draw(st.sampled_from(GRANTED[service])), "resources": resources})
    arn = f"arn:{environment['partition']}:iam::aws:policy/AmazonBedrockReadOnly"
    return {"grants": grants, "policies": draw(st.sampled_from([{}, {"bedrock": arn}]))}
