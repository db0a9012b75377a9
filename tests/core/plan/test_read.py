"""Reading plans: the shown changes, the digest that an approval refers to, and the redacted values."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan.entries import UnreadablePlan
from reconciler.core.plan.model import UNKNOWN, Plan, describe, summarise
from reconciler.core.plan.read import read
from reconciler.core.plan.summary import FailedCheck
from reconciler.core.redaction.redactor import Redactor
from tests.core.documents import change, document

REDACTOR = Redactor(b"a key for tests")


def reading(*changes: Mapping[str, Any], **more: Any) -> Plan:
    return read(document(*changes, **more), REDACTOR)


def containers(*, image: str = "orders:1", environment: Mapping[str, str] | None = None) -> str:
    pairs = [{"name": name, "value": value} for name, value in (environment or {}).items()]
    return json.dumps([{"name": "orders", "image": image, "environment": pairs, "mountPoints": []}])


def test_an_update_shows_each_attribute_with_its_old_and_new_value() -> None:
    plan = reading(
        change(
            "aws_ecs_task_definition.this",
            ["update"],
            {"cpu": "256", "memory": "512"},
            {"cpu": "256", "memory": "1024"},
        )
    )
    assert plan.changes[0].attributes == {"memory": ("512", "1024")}


def test_a_value_that_terraform_does_not_know_yet_is_marked() -> None:
    plan = reading(change("aws_lb.this", ["create"], None, {"name": "develop"}, unknown={"arn": True}))
    assert plan.changes[0].attributes == {"arn": (None, UNKNOWN), "name": (None, "develop")}


def test_no_op_and_data_sources_are_no_changes() -> None:
    reads = change("data.aws_thing.x", ["read"]) | {"mode": "data"}
    plan = reading(change("aws_vpc.this", ["no-op"], {"a": 1}, {"a": 1}), reads)
    assert plan.is_empty


def output(new: Any, **more: Any) -> dict[str, Any]:
    return {"actions": ["create"], "before": None, "after": new, **more}


def outputs_changed(**outputs: dict[str, Any]) -> Plan:
    return read(document() | {"output_changes": outputs}, REDACTOR)


def test_a_changed_output_is_a_change() -> None:
    plan = outputs_changed(
        platform={"actions": ["update"], "before": {"id": "a", "x": 1}, "after": {"id": "b", "x": 1}}
    )
    assert not plan.is_empty
    assert describe(plan) == "outputs change"
    (shown,) = summarise(plan, drift=(), now=None).changes
    assert (shown.address, shown.actions, shown.attributes) == (
        "output.platform",
        ("output",),
        {"value.id": ("a", "b")},
    )


def test_an_approval_covers_the_values_of_outputs() -> None:
    """Seen: an approval of an output of 10.1.0.0/16 stood for 0.0.0.0/0."""
    narrow, wide = (outputs_changed(cidr=output(new=value)) for value in ("10.1.0.0/16", "0.0.0.0/0"))
    assert narrow.digest != wide.digest
    assert outputs_changed(cidr=output(new="10.1.0.0/16")).digest == narrow.digest


def test_a_sensitive_output_is_compared_by_its_mark() -> None:
    one, other = (outputs_changed(key=output(new=value, after_sensitive=True)) for value in ("hunter2", "hunter3"))
    assert one.digest != other.digest
    assert "hunter" not in str((one, other))


def test_true_and_one_differ() -> None:
    """To Python they are equal, so a change from one to the other was missing in the diff and in the digest."""
    plan = reading(change("aws_x.this", ["update"], {"flag": True, "same": 1}, {"flag": 1, "same": 1.0}))
    assert plan.changes[0].attributes == {"flag": (True, 1)}
    back = reading(change("aws_x.this", ["update"], {"flag": 1}, {"flag": True}))
    assert plan.digest != back.digest


def test_outputs_are_kept_unless_they_are_sensitive() -> None:
    outputs = {"name": {"sensitive": False, "value": "develop"}, "token": {"sensitive": True, "value": "s3cret"}}
    assert reading(outputs=outputs).values == {"name": "develop"}


def test_resources_of_child_modules_count_as_existing() -> None:
    assert reading(existing=3).existing == 3


def test_the_order_of_environment_variables_is_no_change() -> None:
    one = containers(environment={"A": "1", "B": "2"})
    other = containers(environment={"B": "2", "A": "1"})
    plan = reading(
        change(
            "aws_ecs_task_definition.this", ["update"], {"container_definitions": one}, {"container_definitions": other}
        )
    )
    assert plan.changes[0].attributes == {}


def test_a_changed_environment_variable_is_visible_without_its_value() -> None:
    plan = reading(
        change(
            "aws_ecs_task_definition.this",
            ["update"],
            {"container_definitions": containers(environment={"PASSPHRASE": "open sesame"})},
            {"container_definitions": containers(environment={"PASSPHRASE": "mellon"})},
        )
    )
    ((path, (old, new)),) = plan.changes[0].attributes.items()
    assert path == "container_definitions.orders.environment.PASSPHRASE.value"
    assert old != new
    assert "sesame" not in str(old) + str(new)
    assert "mellon" not in str(old) + str(new)


def test_the_digest_of_a_pipeline_owned_service_ignores_its_image_and_nothing_else() -> None:
    def digest(image: str, memory: str, *, pipeline: bool) -> str:
        after = {"memory": memory, "container_definitions": containers(image=image)}
        before = {"memory": "512", "container_definitions": containers(image="orders:0")}
        entry = change("aws_ecs_task_definition.this", ["update"], before, after)
        return read(document(entry), REDACTOR, pipeline_image=pipeline).digest

    assert digest("orders:1", "1024", pipeline=True) == digest("orders:2", "1024", pipeline=True)
    assert digest("orders:1", "1024", pipeline=False) != digest("orders:2", "1024", pipeline=False)
    assert digest("orders:1", "1024", pipeline=True) != digest("orders:1", "2048", pipeline=True)


SECRET = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=40).map("zq".__add__)


@given(SECRET, SECRET)
def test_a_changed_sensitive_value_is_visible_without_the_value(old: str, new: str) -> None:
    entry = change(
        "aws_thing.this",
        ["update"],
        {"value": old},
        {"value": new},
        hidden_before={"value": True},
        hidden_after={"value": True},
    )
    plan = reading(entry)
    text = repr(plan)
    assert old not in text
    assert new not in text
    assert (plan.changes[0].attributes == {}) == (old == new)


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_digest_does_not_depend_on_terraforms_order(order: list[str]) -> None:
    entries = {name: change(f"aws_thing.{name}", ["create"], None, {"name": name}) for name in "abcd"}
    assert reading(*(entries[name] for name in order)).digest == reading(*entries.values()).digest


@given(st.sampled_from(["actions", "value", "address"]))
def test_any_real_difference_changes_the_digest(what: str) -> None:
    before = reading(change("aws_thing.a", ["update"], {"x": 1}, {"x": 2}))
    after = {
        "actions": change("aws_thing.a", ["delete", "create"], {"x": 1}, {"x": 2}),
        "value": change("aws_thing.a", ["update"], {"x": 1}, {"x": 3}),
        "address": change("aws_thing.b", ["update"], {"x": 1}, {"x": 2}),
    }
    assert reading(after[what]).digest != before.digest


def test_a_document_that_is_no_plan_is_refused() -> None:
    with pytest.raises(UnreadablePlan, match="not the JSON form"):
        read({"values": {}}, REDACTOR)


def test_a_document_of_another_format_is_refused() -> None:
    with pytest.raises(UnreadablePlan, match=r"in format 2\.0"):
        read(document() | {"format_version": "2.0"}, REDACTOR)
    without = {name: value for name, value in change("aws_x.a", ["update"], {}, {}).items() if name != "address"}
    with pytest.raises(UnreadablePlan, match="an entry of resource_drift has no address"):
        reading(drift=[without])


def test_a_value_that_is_sensitive_on_one_side_is_masked_on_both() -> None:
    for hidden in ("hidden_before", "hidden_after"):
        entry = change("aws_x.a", ["update"], {"pin": "4711"}, {"pin": "4712"}, **{hidden: {"pin": True}})
        assert reading(entry).changes[0].attributes == {"pin": (REDACTOR.mark("4711"), REDACTOR.mark("4712"))}


def test_an_output_that_is_named_like_a_credential_is_masked() -> None:
    ((_, (old, new)),) = outputs_changed(password=output(new="hunter2")).outputs[0].attributes.items()
    assert (old, new) == (None, REDACTOR.mark("hunter2"))


def test_of_many_warnings_the_first_are_kept() -> None:
    plan = read(document() | {"warnings": [f"no {number}" for number in range(30)]}, REDACTOR)
    assert plan.warnings == (*(f"no {number}" for number in range(20)), "and 10 more")


def test_warnings_and_failed_checks_are_kept_without_secrets() -> None:
    hidden = change("aws_a.this", ["create"], None, {"pin": "hunter2"}, hidden_after={"pin": True})
    address = {"to_display": "module.m.check.c"}
    failed = {"address": address, "status": "fail", "problems": [{"message": "not\nhunter2"}]}
    checks = [
        {"address": address, "status": "fail", "instances": [failed, {"address": address, "status": "unknown"}]},
        {"address": {"to_display": "check.d"}, "status": "error"},
        {"address": {"to_display": "check.e"}, "status": "pass", "instances": []},
    ]
    plan = read(document(hidden) | {"checks": checks, "warnings": ["hunter2 is old", "hunter2 is old"]}, REDACTOR)
    mark = REDACTOR.mark("hunter2")
    assert plan.warnings == (f"{mark} is old",)
    assert plan.checks == (
        FailedCheck("module.m.check.c", "fail", (f"not {mark}",)),
        FailedCheck("check.d", "error", ()),
    )


@pytest.mark.parametrize("length", [399, 400, 401, 900])
def test_a_text_of_more_than_400_characters_is_cut_with_its_length_and_digest(length: int) -> None:
    longest, text = 400, "x" * length
    shown = reading(change("aws_thing.this", ["create"], None, {"note": text})).changes[0].attributes["note"][1]
    if length <= longest:
        assert shown == text
    else:
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        assert shown == f"{text[:longest]}… ({length} characters, sha256 {digest})"


def test_what_is_not_known_yet_inside_of_lists_and_mappings_is_marked_in_its_place() -> None:
    after = {"rules": [{"port": 80}, {"port": 443}], "tags": {"a": "b"}, "names": ["x"]}
    unknown = {
        "rules": [{}, {"id": True}, {"id": True}],
        "tags": {"c": True, "d": False},
        "names": [False],
        "arn": True,
    }
    plan = reading(change("aws_thing.this", ["create"], None, after, unknown=unknown))
    assert plan.changes[0].after == {
        "rules": [{"port": 80}, {"port": 443, "id": UNKNOWN}, {"id": UNKNOWN}],
        "tags": {"a": "b", "c": UNKNOWN},
        "names": ["x"],
        "arn": UNKNOWN,
    }


@pytest.mark.parametrize(("secret", "masked"), [("x y z 4711 abcdef", True), ("x y", False)])
def test_a_copy_of_a_secret_has_the_mark_of_the_secret_unless_it_could_be_any_word(secret: str, masked: bool) -> None:
    hidden = change("aws_a.this", ["create"], None, {"pin": secret}, hidden_after={"pin": True})
    copied = change("aws_b.this", ["create"], None, {"note": secret, "more": [secret, "other"]})
    plan = reading(hidden, copied)
    mark = REDACTOR.mark(secret)
    assert plan.changes[0].attributes == {"pin": (None, mark)}
    shown = mark if masked else secret
    assert plan.changes[1].attributes == {"note": (None, shown), "more": (None, [shown, "other"])}


def test_a_variable_that_a_root_writes_twice_is_read() -> None:
    """Seen: `TypeError` for ever, because two entries of one key were compared with each other."""
    entries = [{"name": "LOG_LEVEL", "value": value} for value in ("info", "debug")]
    before, after = ([{"name": "web", "image": "nginx:1", "environment": found}] for found in ([], entries))
    written = ({"container_definitions": json.dumps(found)} for found in (before, after))
    ((path, (old, new)),) = reading(change("aws_x.web", ["delete", "create"], *written)).changes[0].attributes.items()
    assert (path, old) == ("container_definitions.web.environment.LOG_LEVEL", None)
    assert len({entry["value"] for entry in new}) == 2
    assert "debug" not in str(new)
