"""Elastic Compute Cloud: the ICMP type and code of a network ACL's rule.

moto asks for them under names that its own parser of requests does not give them, so the rule is kept without and
every plan wants to put them back.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.responses.network_acls import NetworkACLs

from deploy.local.standin.patches.patch import Act, Patch


def create_network_acl_entry(act: Act) -> Any:
    answer = act.proceed()
    said = act.parameter("IcmpTypeCode")
    if said:
        backend = ec2_backends[act.account][act.region]
        acl = backend.get_network_acl(act.parameter("NetworkAclId"))
        way, number = act.parameter("Egress"), act.parameter("RuleNumber")
        for entry in acl.network_acl_entries:
            if (entry.egress, entry.rule_number) == (way, number):
                entry.icmp_code, entry.icmp_type = said.get("Code"), said.get("Type")
    return answer


PATCHES = (
    Patch("ec2", "CreateNetworkAclEntry", "ICMP type and code are dropped", NetworkACLs, create_network_acl_entry),
)
