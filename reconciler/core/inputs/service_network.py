"""The security groups, ways out and Service Connect of a service, as its Terraform root has them."""

from datetime import timedelta
from typing import Any

from desired_state.kinds.service.network import Connect, WayOut
from desired_state.kinds.service.spec import ServiceSpec


def network_variables(spec: ServiceSpec) -> dict[str, Any]:
    """Return the variable `network` by its name; nothing when the manifest says nothing about it."""
    security = spec.security
    given = {
        "security_groups": list(security.groups) if security else [],
        "egress": [rule for way in security.egress for rule in _rules(way)] if security else [],
        "connect": _connect(spec.connect) if spec.connect is not None else None,
    }
    network = {name: value for name, value in given.items() if value not in (None, [])}
    return {"network": network} if network else {}


def _rules(way: WayOut) -> list[dict[str, Any]]:
    found = []
    for ports in way.ports:
        first, _, last = ports.partition("-")
        destination = {"cidr": way.cidr} if way.cidr else {"group": way.group}
        found.append({**destination, "protocol": way.protocol, "from": int(first), "to": int(last or first)})
    return found


def _connect(connect: Connect) -> dict[str, Any]:
    given = {
        "alias": connect.alias,
        "port": connect.port,
        "protocol": connect.protocol,
        "idle_timeout": _seconds(connect.idle_timeout),
        "request_timeout": _seconds(connect.request_timeout),
    }
    return {name: value for name, value in given.items() if value is not None}


def _seconds(time: timedelta | None) -> int | None:
    return int(time.total_seconds()) if time is not None else None
