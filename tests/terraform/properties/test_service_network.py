"""Security groups, ways out and Service Connect of a service, proven: exactly those that were asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import MODULE, SERVICE, containers, is_public, port

NETWORK, SERVICE_FILE, TASK = f"{MODULE}network.tf", f"{MODULE}service.tf", f"{MODULE}task.tf"
GROUPS = [["sg-1", "sg-2", "sg-3"], ["orders"]]
WRONG = [
    Refusal("network.security_groups", st.sampled_from(GROUPS)),
    Refusal("network.connect.protocol", st.sampled_from(["HTTP", "udp"]), where=lambda v: "connect" in v["network"]),
    Refusal("network.connect.alias", st.sampled_from(["Orders", "a.b"]), where=lambda v: connected(v)),
]


def connected(variables: Variables) -> bool:
    return "alias" in variables["network"].get("connect", {})


def leads_out(variables: Variables) -> bool:
    return bool(variables["network"]["egress"])


@proof(
    35,
    "Comprehensive security group rules",
    part="of the manifest",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "], local.further_egress, local.efs_egress)", "], local.efs_egress)", says="ways out",
             where=leads_out),
        Edit(NETWORK, "protocol        = way.protocol", 'protocol = "-1"', says="ways out", where=leads_out),
        Edit(NETWORK, "cidr_blocks     = way.cidr == null ? [] : [way.cidr]", 'cidr_blocks = ["0.0.0.0/0"]',
             says="ways out", where=lambda v: any("cidr" in way for way in v["network"]["egress"])),
    ],
)  # fmt: skip
def test_property_35_comprehensive_security_group_rules_of_the_manifest(instance: Instance) -> None:
    """Tasks have the ways out that the manifest asks for, and no others. The groups that they wear are known after the
    apply: tests/terraform/test_on_the_stand_in.py."""
    network = instance.variables["network"]
    (group,) = instance.plan.of("aws_security_group")
    added = [rule for rule in group.values["egress"] if rule["description"].startswith("Of the manifest")]
    found = {
        (rule["protocol"], rule["from_port"], rule["to_port"], *rule["cidr_blocks"], *rule["security_groups"])
        for rule in added
    }
    wanted = {(way["protocol"], way["from"], way["to"], way.get("cidr") or way["group"]) for way in network["egress"]}
    assert found == wanted, "other ways out than asked for"


@proof(
    42,
    "No ALB for internal services",
    part="Service Connect",
    of=SERVICE,
    broken_by=[
        Edit(SERVICE_FILE, "dns_name = service.value.alias", "dns_name = local.name", says="another name",
             where=lambda v: connected(v) and v["network"]["connect"]["alias"] != v["service"]["name"]),
        Edit(SERVICE_FILE, 'discovery_name = "${local.name}-connect"', "discovery_name = local.name", says="Cloud Map",
             where=connected),
        Edit(SERVICE_FILE, "namespace = local.namespace_arn", "namespace = local.name", says="namespace",
             where=lambda v: "connect" in v["network"]),
        Edit(NETWORK, "if local.connected && local.public]", "if false]", says="let in",
             where=lambda v: connected(v) and is_public(v)),
        Edit(TASK, "local.named_port)", "{})", says="no port of this name", where=connected),
    ],
)  # fmt: skip
def test_property_42_no_alb_for_internal_services_service_connect(instance: Instance) -> None:
    """Service Connect reaches exactly the services with an alias, in the namespace of their environment, through no
    load balancer; their tasks let the environment's services in."""
    variables = instance.variables
    wanted: dict[str, Any] | None = variables["network"].get("connect")
    found = instance.plan.one("aws_ecs_service").values["service_connect_configuration"]
    (own, *_) = containers(instance)
    if wanted is None:
        assert not found, "connected without being asked"
        assert all("name" not in mapping for mapping in own["portMappings"]), "a port is named without a need"
        return
    (connect,) = found
    assert connect["enabled"] is True
    namespace = variables["platform"]["service_discovery"]["namespace_id"]
    assert connect["namespace"].endswith(f":namespace/{namespace}"), "in another namespace"
    assert len(connect["service"]) == connected(variables), "reached by an alias without being asked"
    for service in connect["service"]:
        (alias,) = service["client_alias"]
        assert alias["dns_name"] == wanted["alias"], "reached by another name"
        assert alias["port"] == wanted.get("port", port(instance)), "reached at another port"
        assert service["discovery_name"] != variables["service"]["name"], "its name is that of Cloud Map's own service"
        (mapping,) = own["portMappings"]
        assert mapping.get("name") == service["port_name"], "no port of this name"
        protocol = wanted.get("protocol")
        assert mapping.get("appProtocol") == (None if protocol == "tcp" else protocol), "another protocol"
        (group,) = instance.plan.of("aws_security_group")
        callers = {caller for rule in group.values["ingress"] for caller in rule["security_groups"]}
        assert variables["platform"]["security_groups"]["internal_services"] in callers, "callers are not let in"
        times = [(one["idle_timeout_seconds"], one["per_request_timeout_seconds"]) for one in service["timeout"]]
        given = (wanted.get("idle_timeout"), wanted.get("request_timeout"))
        assert times == ([given] if any(given) else []), f"other time-outs: {json.dumps(times)}"


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_a_wrong_network_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)
