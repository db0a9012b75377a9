"""Plan documents of Terraform's published format, generated: every field, action and reason, and keys of every kind.

Each sensitive value contains `SECRET`, so a leak is found in any text. It is too short to be masked for being a copy.
"""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

SECRET = "zqhunter2"
KEYS = st.sampled_from(["a", "b", "a.b", "b/c", 'q"q', "c[0]", "0", "kubernetes.io/name", "", "ä"])
NAMES = st.sampled_from(["size", "tags", "rules", "input", "enabled", "container_definitions"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | st.sampled_from(["", "1", "true", "x", "[1]", "[ 1 ]", "long " * 100])
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
HIDDEN = st.integers(0, 9).map(lambda number: f"{SECRET}-{number}")
REASONS = st.sampled_from(
    [
        None,
        "replace_because_cannot_update",
        "replace_because_tainted",
        "delete_because_each_key",
        "a_reason_of_tomorrow",
    ]
)
ACTIONS = st.sampled_from(
    [
        ["no-op"],
        ["create"],
        ["read"],
        ["update"],
        ["delete"],
        ["forget"],
        ["delete", "create"],
        ["create", "delete"],
        ["create", "forget"],
    ]
)
DEFERRED = st.sampled_from(["instance_count_unknown", "provider_config_unknown", "absent_prereq", "unknown"])


@st.composite
def objects(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of a resource, and the mask of what is sensitive in them."""
    values = draw(st.dictionaries(NAMES, VALUES, max_size=3))
    mask: dict[str, Any] = {}
    if draw(st.booleans()):
        values["pin"], mask["pin"] = draw(HIDDEN), True
    if draw(st.booleans()):
        values["nested"], mask["nested"] = [{"open": draw(LEAVES), "k.d": draw(HIDDEN)}], [{"k.d": True}]
    return values, mask


@st.composite
def addresses(draw: st.DrawFn) -> str:
    key = draw(st.sampled_from(["", "[0]", '["k"]', '["a.b"]', '["q\\"q/[x]"]']))
    return draw(st.sampled_from(["", "module.m.", 'module.m["a.b"].'])) + f"aws_x.{draw(st.sampled_from('abc'))}{key}"


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """Return an entry of `resource_changes`."""
    actions = draw(ACTIONS)
    before, hidden_before = draw(objects())
    after, hidden_after = (before, hidden_before) if actions == ["no-op"] else draw(objects())
    unknown = {name: True for name in draw(st.sets(st.sampled_from(["arn", "id"]))) if actions != ["no-op"]}
    change: dict[str, Any] = {
        "actions": actions,
        "before": None if actions == ["create"] else before,
        "after": None if actions in (["delete"], ["forget"]) else after,
        "after_unknown": {} if actions in (["delete"], ["forget"]) else unknown,
        "before_sensitive": False if actions == ["create"] else hidden_before,
        "after_sensitive": False if actions in (["delete"], ["forget"]) else hidden_after,
    }
    if len(actions) > 1 and draw(st.booleans()):
        change["replace_paths"] = draw(st.lists(st.lists(KEYS | st.integers(0, 3), min_size=1, max_size=3), max_size=2))
    if actions in (["no-op"], ["update"]) and draw(st.booleans()):
        change["importing"] = draw(
            st.sampled_from([{"id": "vpc-1"}, {"id": "vpc-2"}, {"identity": {"arn": "a:1"}}, {}])
        )
    entry = {"address": draw(addresses()), "mode": "managed", "type": "aws_x", "name": "a", "change": change}
    if actions in (["no-op"], ["update"], ["delete", "create"]) and draw(st.booleans()):
        entry["previous_address"] = draw(addresses())
    if actions == ["delete"] and draw(st.booleans()):
        entry["deposed"] = draw(st.sampled_from(["973ee40d", "00c0ffee"]))
    if reason := draw(REASONS):
        entry["action_reason"] = reason
    if draw(st.integers(0, 5)) == 0:
        entry["mode"] = "data"
    return entry


@st.composite
def outputs(draw: st.DrawFn) -> dict[str, Any]:
    hidden = draw(st.booleans())
    before, after = (draw(HIDDEN if hidden else VALUES) for _ in range(2))
    action = draw(st.sampled_from(["no-op", "create", "update", "delete"]))
    return {
        "actions": [action],
        "before": None if action == "create" else before,
        "after": None if action == "delete" else before if action == "no-op" else after,
        "after_unknown": False,
        "before_sensitive": hidden,
        "after_sensitive": hidden,
    }


@st.composite
def invocations(draw: st.DrawFn) -> dict[str, Any]:
    values, mask = draw(objects())
    trigger = {"triggering_resource_address": draw(addresses()), "action_trigger_event": "AfterCreate"}
    found = {"address": "action.aws_x.go", "type": "aws_x", "config_values": values, "config_sensitive": mask}
    return found | draw(st.sampled_from([{}, {"lifecycle_action_trigger": trigger}]))


@st.composite
def checks(draw: st.DrawFn) -> dict[str, Any]:
    problems = [{"message": f"the value is {draw(HIDDEN)}"}] if draw(st.booleans()) else []
    status, address = draw(st.sampled_from(["pass", "fail", "error", "unknown"])), {"to_display": "check.c"}
    instance = {"address": address, "status": status, "problems": problems}
    return {"address": address, "status": status, "instances": draw(st.sampled_from([[], [instance]]))}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Return a whole document. `pins` is a sensitive variable with each of the secrets, which messages quote."""
    later = [{"reason": draw(DEFERRED), "resource_change": draw(entries())}] if draw(st.integers(0, 3)) == 0 else []
    document: dict[str, Any] = {
        "format_version": draw(st.sampled_from(["0.2", "1.0", "1.2", "1.99"])),
        "planned_values": {"outputs": {"o": {"sensitive": True, "value": draw(HIDDEN)}}},
        "resource_changes": draw(st.lists(entries(), max_size=4)),
        "resource_drift": draw(st.lists(entries(), max_size=2)),
        "output_changes": draw(st.dictionaries(st.sampled_from("opq"), outputs(), max_size=2)),
        "action_invocations": draw(st.lists(invocations(), max_size=1)),
        "deferred_changes": later,
        "deferred_action_invocations": [
            {"reason": one["reason"], "action_invocation": draw(invocations())} for one in later
        ],
        "checks": draw(st.lists(checks(), max_size=2)),
        "warnings": draw(st.lists(st.sampled_from(["Argument is deprecated"]), max_size=1)),
        "complete": not later,
        "errored": draw(st.integers(0, 9)) == 0,
        "variables": {"pins": {"value": [f"{SECRET}-{number}" for number in range(10)]}},
        "configuration": {"root_module": {"variables": {"pins": {"sensitive": True}}}},
        "a_field_of_tomorrow": {"x": 1},
    }
    optional = draw(st.sets(st.sampled_from(sorted(document.keys() - {"format_version", "planned_values", *_ALWAYS}))))
    return {name: value for name, value in document.items() if name not in optional}


_ALWAYS = ("variables", "configuration", "resource_changes", "complete", "deferred_changes")


def applied(document: Mapping[str, Any]) -> list[Any]:
    """Return what an apply of this plan does, as another reader of the format would list it."""
    found: list[Any] = []
    for entry in document["resource_changes"]:
        change = entry["change"]
        happens = change["actions"] != ["no-op"] or "importing" in change or "previous_address" in entry
        if entry["mode"] == "managed" and happens and change["actions"] != ["read"]:
            place = [entry.get(name) for name in ("address", "previous_address", "deposed")]
            after = change["after"] or {}  # null and an object without attributes both set nothing
            found.append([*place, change["actions"], after, change["after_unknown"], change.get("importing")])
    changed = {name: one for name, one in document.get("output_changes", {}).items() if one["actions"] != ["no-op"]}
    found += [[name, one["actions"] == ["delete"], one["after"]] for name, one in sorted(changed.items())]
    found += [[one["address"], one["config_values"]] for one in document.get("action_invocations", ())]
    return found


def normal(value: Any) -> Any:
    """Return a value in which the notation of JSON in a text has no meaning, and 1.0 is 1 as Terraform has it."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        return ["a document", json.loads(value)]
    if isinstance(value, Mapping):
        return {name: normal(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
