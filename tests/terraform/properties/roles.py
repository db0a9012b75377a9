"""The inline policies of a service's roles, as statements."""

from __future__ import annotations

from typing import Any

from tests.terraform.properties.laboratory import Instance


def statements(instance: Instance, role: str, policy: str | None = None) -> list[dict[str, Any]]:
    """Return the statements of a role, or of its inline policy with this name; nothing without any."""
    inline = (one for one in instance.plan.of("aws_iam_role_policy") if one.name == role)
    chosen = [one for one in inline if policy in (None, one.values["name"])]
    return [statement for one in chosen for statement in one.document("policy")["Statement"]]
