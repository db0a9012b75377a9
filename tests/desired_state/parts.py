"""Parts of a service's spec, generated."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st


def settings() -> dict[str, Any]:
    """Return all settings that any container may have, as a manifest writes them."""
    return {
        "entryPoint": ["/bin/app"],
        "workingDirectory": "/srv",
        "user": "1000:1000",
        "ulimits": {"nofile": {"soft": 1024, "hard": 4096}},
        "dockerLabels": {"team": "payments"},
        "linux": {"initProcess": False, "capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}},
        "writableRoot": True,
        "writablePaths": ["/var/cache/app"],
    }


secret_names = st.from_regex(r"[a-z]{1,5}/[a-z_]{1,8}", fullmatch=True)
_PARTS = st.sampled_from(["", ":key", ":key::", "::AWSPREVIOUS:", f":key::{'a' * 32}"])
_MORE = st.sampled_from([{}, {"key": "user"}, {"stage": "AWSPREVIOUS"}, {"key": "user", "version": "b" * 32}])
_ARNS = st.sampled_from(["arn:aws:secretsmanager:eu-central-1:999900001111:secret:partner/key-AbCdEf"])
_SECRETS = secret_names | st.sampled_from(["rds!db-0a1b-4c5d6e7f8a9b"]) | _ARNS
secret_sources = st.one_of(
    secret_names,
    st.builds("{}{}".format, _SECRETS, _PARTS),
    st.builds(lambda name, more: {"secret": name, **more}, _SECRETS, _MORE),
    st.sampled_from(["arn:aws:ssm:eu-central-1:999900001111:parameter/partner/key"]),
    secret_names.map(lambda name: {"parameter": f"/{name}"}),
)
permissions = st.lists(
    st.sampled_from(
        [
            {"service": "s3", "resources": ["orders-uploads"], "access": "readwrite"},
            {"service": "sqs", "resources": ["orders-inbox.fifo", "orders-*"], "access": "read"},
            {"service": "kafka", "resources": ["events/orders.created"], "access": "write"},
            {"service": "secrets", "resources": ["orders/key"]},
            {"service": "telemetry"},
        ]
    ).map(deepcopy),
    max_size=3,
)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff\u2028\u2029\ufeff"))
env_values = texts | st.integers(-9, 99999) | st.booleans() | st.sampled_from([1.5, 0.25])
_versions = st.fixed_dictionaries({"tag": st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)}) | st.just(
    {"digest": f"sha256:{'0' * 64}"}
)
_elsewhere = st.sampled_from(
    [
        {"repository": "docker.io/library/nginx"},
        {"repository": "ghcr.io/acme/orders", "credentials": "orders/ghcr"},
        {"repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/proxy"},
    ]
)
images = st.builds(lambda version, place: {**place, **version}, _versions, st.just({}) | _elsewhere)
builds = st.fixed_dictionaries(
    {},
    optional={
        "branch": st.just("master"),
        "timeout": st.just("1h"),
        "compute": st.just("large"),
        "branches": st.lists(st.sampled_from(["main", "release/*", "hotfix/*.*"]), unique=True, max_size=3),
        "dockerfile": st.just("docker/Dockerfile"),
        "context": st.sampled_from(["app", "services/orders"]),
        "target": st.just("run"),
        "buildArgs": st.dictionaries(st.sampled_from(["A", "VERSION"]), st.text("ab '\"$(){}\\", max_size=9)),
        "cache": st.booleans(),
    },
)
# Any number of tasks has room in these percents.
deployments = st.fixed_dictionaries(
    {},
    optional={
        "minimumHealthyPercent": st.just(0) | st.just(100),
        "maximumPercent": st.just(200),
        "circuitBreaker": st.booleans(),
        "rollbackAlarms": st.lists(st.sampled_from(["cpu", "memory", "shop latency"]), unique=True, max_size=3),
        "forceNew": st.from_regex(r"[a-z0-9][a-z0-9.-]{0,8}", fullmatch=True),
        "strategy": st.just("rolling"),
    },
)


@st.composite
def scalings(draw: st.DrawFn, *, worker: bool) -> dict[str, Any]:
    """Draw bounds and targets of an internal service; a worker may have no task while its queue is empty."""
    lowest = draw(st.integers(1, 50))
    found = {"min": lowest, "max": draw(st.integers(lowest, 100)), "cpu": draw(st.integers(1, 100))}
    more: dict[str, Any] = {
        "queue": draw(st.none() | st.just({"name": "jobs", "backlogPerTask": draw(st.integers(1, 99))})),
        "cooldowns": draw(st.none() | st.just({"in": draw(st.integers(0, 3600))})),
        "schedules": draw(
            st.lists(
                st.sampled_from(
                    [{"cron": "0 8 ? * MON-FRI *"}, {"at": "2027-01-31T08:00", "timezone": "Europe/Berlin"}]
                ).flatmap(
                    lambda when: st.just(when | {"min": draw(st.integers(0, 9)), "max": draw(st.integers(9, 20))})
                ),
                max_size=2,
            )
        ),
    }
    if worker and more["queue"] and draw(st.booleans()):
        found["min"] = 0
    return found | {name: value for name, value in more.items() if value is not None}


_other_conditions = st.fixed_dictionaries(
    {},
    optional={
        "hosts": st.just(["*.example.com"]) | st.just(["shop.example.com"]),
        "headers": st.just({"X-Team": ["shop*"]}),
        "methods": st.sampled_from([["GET"], ["POST"]]),
        "query": st.just({"version": ["2"]}),
        "sources": st.sampled_from([["192.0.2.0/24"], ["2001:db8::/32"]]),
    },
)
conditions = st.builds(
    lambda paths, others: {"paths": paths, **dict(list(others.items())[:3])},
    st.lists(st.from_regex(r"/[a-z]{1,6}(/[*])?", fullmatch=True), min_size=1, max_size=2, unique=True),
    _other_conditions,
)


@st.composite
def routings(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any valid routing, with and without priorities."""
    numbers = iter(draw(st.lists(st.integers(1, 50000), min_size=4, max_size=4, unique=True)))

    def rule() -> dict[str, Any]:
        priority = {"priority": next(numbers)} if draw(st.booleans()) else {}
        return {**draw(conditions), **priority}

    own = rule()
    rules = [rule() for _ in range(draw(st.integers(0, 2)))]
    redirects = [{**rule(), "to": {"host": "new.example.com"}} for _ in range(draw(st.integers(0, 1)))]
    given = {
        "rules": rules,
        "redirects": redirects,
        "stickiness": draw(st.none() | st.sampled_from([{}, {"duration": "1h", "cookie": "session"}])),
        "slowStart": draw(st.none() | st.sampled_from(["30s", "15m"])),
        "algorithm": draw(st.none() | st.just("round_robin")),
        "protocolVersion": draw(st.none() | st.sampled_from(["HTTP1", "HTTP2", "GRPC"])),
    }
    found = own | {name: value for name, value in given.items() if value not in (None, [])}
    copied: dict[str, Any] = json.loads(json.dumps(found))  # YAML would write what is there twice as an anchor
    return copied


securities = st.fixed_dictionaries(
    {},
    optional={
        "groups": st.just(["sg-0123456789abcdef0"]),
        "egress": st.lists(
            st.sampled_from(
                [
                    {"cidr": "10.50.0.0/16", "ports": [5432, "8000-8100"]},
                    {"group": "sg-0123456789abcdef1", "ports": ["53"], "protocol": "udp"},
                    {"cidr": "203.0.113.7", "ports": [25]},
                ]
            ),
            max_size=1,
        ),
    },
)
connects = st.fixed_dictionaries(
    {}, optional={"idleTimeout": st.just("5m"), "protocol": st.sampled_from(["http", "grpc", "tcp"])}
)
