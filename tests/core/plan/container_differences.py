"""Containers in two forms that mean the same."""

import json
from collections.abc import Mapping
from typing import Any


def container(**fields: Any) -> dict[str, Any]:
    """Return a container as the module writes it, with some fields changed; None removes one."""
    written = {
        "name": "orders",
        "image": "orders:1",
        "essential": True,
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "secrets": [{"name": "S", "valueFrom": "arn:1"}, {"name": "T", "valueFrom": "arn:2"}],
        "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
        "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}],
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
    }
    return {name: value for name, value in {**written, **fields}.items() if value is not None}


def task(**fields: Any) -> dict[str, Any]:
    return {"container_definitions": json.dumps([container(**fields)])}


ENVIRONMENT = [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]
SECRETS = [{"name": "T", "valueFrom": "arn:2"}, {"name": "S", "valueFrom": "arn:1"}]
MEMORY = {"tmpfs": [{"containerPath": "/tmp", "mountOptions": ["exec", "mode=1777"]}]}
TURNED = {"tmpfs": [{"containerPath": "/tmp", "mountOptions": ["mode=1777", "exec"]}]}
TWO = [container(), container(name="sidecar")]
CONTAINERS: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "environment variables in another order": (task(), task(environment=ENVIRONMENT)),
    "secrets in another order": (task(), task(secrets=SECRETS)),
    "containers in another order": (
        {"container_definitions": json.dumps(TWO)},
        {"container_definitions": json.dumps(TWO[::-1])},
    ),
    "keys in another order, with blanks": (
        task(),
        {"container_definitions": json.dumps([container()], indent=2, sort_keys=True)},
    ),
    "cpu 0 written out": (task(), task(cpu=0)),
    "essential left out": (task(), task(essential=None)),
    "empty lists written out": (task(), task(volumesFrom=[], systemControls=[], dnsServers=[])),
    "nulls written out": (task(), {"container_definitions": json.dumps([container() | {"command": None}])}),
    "empty text": (task(), task(hostname="")),
    **{
        f"a variable whose value is {value!r}, dropped by ECS": (task(), task(environment=[*ENVIRONMENT, variable]))
        for value, variable in (
            ("", {"name": "X", "value": ""}),
            (None, {"name": "X", "value": None}),
            ("absent", {"name": "X"}),
        )
    },
    "the host's port left out": (task(), task(portMappings=[{"containerPort": 8080, "protocol": "tcp"}])),
    "the host's port chosen by ECS": (
        task(),
        task(portMappings=[{"containerPort": 8080, "hostPort": 0, "protocol": "tcp"}]),
    ),
    "the protocol left out": (task(), task(portMappings=[{"containerPort": 8080, "hostPort": 8080}])),
    "a port written as text": (
        task(),
        task(portMappings=[{"containerPort": "8080", "hostPort": "8080", "protocol": "tcp"}]),
    ),
    "a stop timeout written as text": (task(stopTimeout=90), task(stopTimeout="90")),
    "a writable mount left out": (task(), task(mountPoints=[{"sourceVolume": "tmp", "containerPath": "/tmp"}])),
    "a /tmp in memory with options in another order": (task(linuxParameters=MEMORY), task(linuxParameters=TURNED)),
    "capabilities in another order": (
        task(linuxParameters={"capabilities": {"drop": ["MKNOD", "NET_RAW"]}}),
        task(linuxParameters={"capabilities": {"add": [], "drop": ["NET_RAW", "MKNOD"]}}),
    ),
    "limits written as text": (
        task(ulimits=[{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}]),
        task(ulimits=[{"name": "nofile", "softLimit": "1024", "hardLimit": "4096"}]),
    ),
    "the default condition of an order left out": (
        task(dependsOn=[{"containerName": "proxy", "condition": "START"}]),
        task(dependsOn=[{"containerName": "proxy"}]),
    ),
    "the health check's defaults left out": (task(), task(healthCheck={"command": ["CMD", "true"]})),
    "a start period of 0": (task(), task(healthCheck={"command": ["CMD", "true"], "startPeriod": 0})),
    "not privileged, not interactive": (task(), task(privileged=False, interactive=False, pseudoTerminal=False)),
}
