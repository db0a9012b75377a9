"""Plan documents as `terraform show -json` writes them, reduced to the fields that tests need."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Of the AWS provider, as far as a classification reads them; `tests/terraform/test_recorded_schemas.py` compares them.
SCHEMAS: Mapping[str, Any] = json.loads(Path(__file__).with_name("schemas.json").read_text())


def change(
    address: str,
    actions: Sequence[str],
    before: Any = None,
    after: Any = None,
    **more: Any,
) -> dict[str, Any]:
    """Return one entry of `resource_changes` or `resource_drift`."""
    return {
        "address": address,
        "mode": "managed",
        "type": address.split("[")[0].rsplit(".", 2)[-2],
        "name": address.split("[")[0].rsplit(".", 1)[-1],
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_unknown": more.pop("unknown", {}),
            "before_sensitive": more.pop("hidden_before", {}),
            "after_sensitive": more.pop("hidden_after", {}),
            **more,
        },
    }


def by_hand(*changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of `resource_drift` beside changes that put back what was changed or deleted by hand."""
    return [
        {
            **entry,
            "change": {
                **entry["change"],
                "actions": ["delete"] if entry["change"]["actions"] == ["create"] else ["update"],
                "before": entry["change"]["after"],
                "after": entry["change"]["before"],
                "after_unknown": {},
                "before_sensitive": entry["change"]["after_sensitive"],
                "after_sensitive": entry["change"]["before_sensitive"],
            },
        }
        for entry in changes
    ]


def document(
    *changes: Mapping[str, Any],
    drift: Sequence[Mapping[str, Any]] = (),
    existing: int = 0,
    outputs: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a whole plan document. `state` has values by address, `existing` adds so many resources without values."""
    types = {entry["type"] for entry in (*changes, *drift)}
    resources: list[dict[str, Any]] = [
        {"address": f"aws_thing.n{index}", "mode": "managed"} for index in range(existing)
    ]
    for address, values in (state or {}).items():
        resources.append({"address": address, "mode": "managed", "type": address.split(".")[0], "values": values})
    return {
        "format_version": "1.2",
        "planned_values": {"outputs": outputs or {}},
        "resource_changes": list(changes),
        "resource_drift": list(drift),
        "prior_state": {"values": {"root_module": {"child_modules": [{"resources": resources}]}}},
        "provider_schemas": {
            "aws": {"resource_schemas": {name: SCHEMAS[name] for name in sorted(types) if name in SCHEMAS}}
        },
        **more,
    }
