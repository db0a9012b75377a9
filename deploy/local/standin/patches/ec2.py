"""Elastic Compute Cloud: ICMP type and code of a network ACL's rule.

moto reads them under names that its own request parser does not use, so that the rule is stored without them and every
plan adds them again.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.responses.network_acls import NetworkACLs

from deploy.local.standin.patches.patch import Invocation, Patch


def create_network_acl_entry(invocation: Invocation) -> Any:
    answer = invocation.proceed()
    icmp = invocation.parameter("IcmpTypeCode")
    if icmp:
        backend = ec2_backends[invocation.account][invocation.region]
        acl = backend.get_network_acl(invocation.parameter("NetworkAclId"))
        egress, number = invocation.parameter("Egress"), invocation.parameter("RuleNumber")
        for entry in acl.network_acl_entries:
            if (entry.egress, entry.rule_number) == (egress, number):
                entry.icmp_code, entry.icmp_type = icmp.get("Code"), icmp.get("Type")
    return answer


PATCHES = (
    Patch("ec2", "CreateNetworkAclEntry", "ICMP type and code are dropped", NetworkACLs, create_network_acl_entry),
)
