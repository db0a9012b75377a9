"""Classification of plans: changes of Git, drift, or both."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from desired_state.kinds.policy import Ignore
from reconciler.core.plan.drift import DriftFinding, classify, classify_destroy
from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import by_hand, change, document
from tests.core.instances import NOW

RETENTION = change("aws_cloudwatch_log_group.this", ["update"], {"retention_in_days": 7}, {"retention_in_days": 30})
OUTSIDE = change("aws_security_group.this", ["update"], {"ingress": [1]}, {"ingress": [1, 2]})


def finding(
    *changes: Mapping[str, Any],
    drift: Sequence[Mapping[str, Any]] = (),
    applied: str | None = "d1",
    ignore: Sequence[Ignore] = (),
    rolled_back: bool = False,
    unsettled: Collection[str] | None = None,
) -> DriftFinding:
    plan = read(document(*changes, drift=drift), Redactor(b"a key for tests"))
    return classify(
        plan,
        applied_digest=applied,
        desired_digest="d1",
        ignore=ignore,
        rolled_back=rolled_back,
        now=NOW,
        unsettled=unsettled,
    )


def test_an_empty_plan_is_in_sync() -> None:
    assert finding() == DriftFinding(Sync.IN_SYNC, None, ())


def test_a_change_at_the_applied_digest_is_drift() -> None:
    found = finding(RETENTION)
    assert (found.sync, found.reason) == (Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE)
    assert found.drifted[0].attributes == {"retention_in_days": (30, 7)}, (
        "the applied value, and the one that was found"
    )


def test_a_resource_that_must_be_created_again_is_missing() -> None:
    found = finding(change("aws_iam_role.task", ["create"], None, {"name": "x"}))
    assert found.reason == Reason.MISSING_RESOURCE
    assert [(item.actions, item.attributes) for item in found.drifted] == [(("delete",), {})]


def test_a_derived_value_is_not_drift() -> None:
    before = {"retention_in_days": 7, "arn": "arn:1"}
    both = change("aws_cloudwatch_log_group.this", ["update"], before, {"retention_in_days": 30}, unknown={"arn": True})
    assert finding(both).drifted[0].attributes == {"retention_in_days": (30, 7)}


def test_an_ignored_change_is_not_applied_either() -> None:
    assert finding(RETENTION, ignore=[rule(NOW.date())]).harmless


def test_an_unmanaged_addition_is_drift() -> None:
    found = finding(drift=[OUTSIDE])
    assert (found.sync, found.reason) == (Sync.DRIFTED, Reason.UNMANAGED_ADDITION)


def test_a_build_that_updates_its_image_pointer_is_no_drift() -> None:
    before, after = {"value": "orders:1", "version": 1}, {"value": "orders:2", "version": 2}
    assert finding(drift=[change("aws_ssm_parameter.image", ["update"], before, after)]).sync == Sync.IN_SYNC


def test_a_new_digest_is_a_pending_change_of_git() -> None:
    assert finding(RETENTION, applied="d0") == DriftFinding(Sync.PENDING, None, ())


def test_a_new_digest_and_drift_are_both_reported() -> None:
    found = finding(RETENTION, drift=[OUTSIDE], applied="d0")
    assert found.sync == Sync.PENDING_AND_DRIFTED
    assert [item.address for item in found.drifted] == ["aws_security_group.this"]


def test_an_unknown_value_is_never_drift() -> None:
    assert finding(RETENTION, drift=[OUTSIDE], applied=None).sync == Sync.PENDING


def test_a_rollback_by_ecs_is_a_failed_rollout_not_drift() -> None:
    assert finding(RETENTION, rolled_back=True) == DriftFinding(Sync.PENDING, None, ())


def rule(until: date, path: str = "retention_in_days") -> Ignore:
    return Ignore.model_validate(
        {"address": "aws_cloudwatch_log_group.this", "path": path, "owner": "payments", "until": until.isoformat()}
    )


def test_an_ignored_attribute_is_no_drift_until_the_rule_ends() -> None:
    assert finding(RETENTION, ignore=[rule(NOW.date())]).sync == Sync.IN_SYNC
    assert finding(RETENTION, ignore=[rule(NOW.date() - timedelta(days=1))]).sync == Sync.DRIFTED


def test_a_rule_ignores_its_own_path_only() -> None:
    assert finding(RETENTION, ignore=[rule(NOW.date(), path="kms_key_id")]).sync == Sync.DRIFTED


def test_what_a_plan_would_remove_was_added() -> None:
    found = finding(change("aws_iam_role.more", ["delete"], {"name": "x"}, None))
    assert (found.sync, found.reason) == (Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE)
    assert [(item.actions, item.attributes) for item in found.drifted] == [(("create",), {})]


FORGOTTEN = change("aws_s3_bucket.b", ["forget"], {"bucket": "b"}, None)
LEFT_BEHIND = change("aws_lb.this", ["delete"], {"name": "x"}, None) | {"deposed": "973ee40d"}
READDRESSED = change("aws_vpc.b", ["no-op"], {"cidr": "a"}, {"cidr": "a"}) | {"previous_address": "aws_vpc.a"}


@pytest.mark.parametrize("entry", [FORGOTTEN, LEFT_BEHIND, READDRESSED], ids=["forget", "deposed", "move"])
def test_what_follows_from_git_or_from_an_apply_is_never_drift(entry: Mapping[str, Any]) -> None:
    """Seen: a forgotten bucket and a deposed object were told as "was added", and a move as nothing at all."""
    assert finding(entry) == DriftFinding(Sync.PENDING, None, ())
    both = finding(entry, RETENTION)
    assert [item.address for item in both.drifted] == ["aws_cloudwatch_log_group.this"]
    assert not finding(entry, RETENTION, ignore=[rule(NOW.date())]).harmless


def test_a_resource_that_moves_and_differs_in_what_is_ignored_still_moves() -> None:
    found = finding(RETENTION | {"previous_address": "aws_cloudwatch_log_group.old"}, ignore=[rule(NOW.date())])
    assert found == DriftFinding(Sync.PENDING, None, ())


def test_a_tainted_resource_is_replaced_although_nothing_of_it_differs() -> None:
    before, after = {"family": "a", "arn": "a:1"}, {"family": "a"}
    tainted = change("aws_ecs_task_definition.t", ["delete", "create"], before, after, unknown={"arn": True})
    assert finding(tainted).harmless
    assert finding(tainted | {"action_reason": "replace_because_tainted"}).sync == Sync.DRIFTED


def test_the_end_of_an_object_that_a_replacement_left_is_no_drift() -> None:
    assert finding(drift=[LEFT_BEHIND]).sync == Sync.IN_SYNC


def test_what_a_plan_would_replace_was_changed() -> None:
    found = finding(change("aws_vpc.this", ["delete", "create"], {"cidr": "b"}, {"cidr": "a"}))
    assert [(item.actions, item.attributes) for item in found.drifted] == [(("update",), {"cidr": ("a", "b")})]


def test_the_owner_of_an_attribute_owns_what_is_inside_of_it() -> None:
    def parameter(value: str) -> dict[str, Any]:
        return {"value": [{"name": "x", "image": {"tag": value}}], "tags_all": {"a.b": value}}

    moved = change("aws_ssm_parameter.image", ["update"], parameter("1"), parameter("2"))
    assert finding(drift=[moved]).sync == Sync.IN_SYNC
    other = change("aws_vpc.this", ["update"], parameter("1"), parameter("2"))
    assert [sorted(item.attributes) for item in finding(drift=[other]).drifted] == [["value.0.image.tag"]]


def test_a_deletion_outside_counts_whatever_became_of_its_attributes() -> None:
    gone = change("aws_vpc.this", ["delete"], {"tags_all": {"a": "b"}}, None)
    found = finding(RETENTION, drift=[gone], applied="d0")
    assert (found.sync, found.reason) == (Sync.PENDING_AND_DRIFTED, Reason.MISSING_RESOURCE)


def test_a_rule_ignores_what_is_inside_of_its_path_and_of_no_other_that_begins_alike() -> None:
    before = {"retention": {"days": 7}, "retention_class": "a"}
    after = {"retention": {"days": 30}, "retention_class": "b"}
    moved = change("aws_cloudwatch_log_group.this", ["update"], before, after)
    found = finding(moved, ignore=[rule(NOW.date(), path="retention")])
    assert [sorted(item.attributes) for item in found.drifted] == [["retention_class"]]
    elsewhere = change("xaws_cloudwatch_log_group.this", ["update"], before, after)
    found = finding(elsewhere, ignore=[rule(NOW.date(), path="retention")])
    assert [sorted(item.attributes) for item in found.drifted] == [["retention.days", "retention_class"]]


def test_what_changed_outside_is_told_beside_whatever_else_is() -> None:
    for more in ({"applied": "d0"}, {"applied": None}, {"rolled_back": True}):
        found = finding(RETENTION, drift=[OUTSIDE], **more)
        assert [item.address for item in found.outside] == ["aws_security_group.this"]
    assert [item.address for item in finding(drift=[OUTSIDE], applied="d0").outside] == ["aws_security_group.this"]


def test_a_destroy_is_pending_and_tells_what_changed_outside() -> None:
    plan = read(document(change("aws_vpc.this", ["delete"], {"a": 1}), drift=[OUTSIDE]), Redactor(b"a key for tests"))
    found = classify_destroy(plan, ignore=(), now=NOW)
    assert (found.sync, found.reason, found.drifted, found.harmless) == (Sync.PENDING, None, (), False)
    assert [item.address for item in found.outside] == ["aws_security_group.this"]


def test_right_after_an_apply_a_planned_change_that_no_move_explains_is_pending_and_no_drift() -> None:
    noise = change("aws_lb.this", ["update"], {"tags_all": {"a": "1"}}, {"tags_all": {"a": "2"}})
    elsewhere = change(RETENTION["address"], ["update"], {"tags_all": {"a": "1"}}, {"tags_all": {"a": "2"}})
    for drift in ([], [noise], [elsewhere]):
        found = finding(RETENTION, drift=drift, unsettled=())
        assert (found.sync, found.reason, found.drifted) == (Sync.PENDING, None, ())
        assert [item.address for item in found.unsettled] == [RETENTION["address"]]
        assert finding(RETENTION, drift=drift).sync == Sync.DRIFTED, "a plan was empty before"
    for moved in (by_hand(RETENTION), [OUTSIDE]):
        assert finding(RETENTION, drift=moved, unsettled=()).sync == Sync.DRIFTED


def test_what_is_known_to_differ_from_itself_is_not_named_as_drift() -> None:
    group = change("aws_security_group.this", ["update"], {"ingress": [1]}, {"ingress": [2]})
    found = finding(RETENTION, group, drift=by_hand(group), unsettled={f"{RETENTION['address']} retention_in_days"})
    assert [item.address for item in found.drifted] == ["aws_security_group.this"]
    found = finding(RETENTION, drift=[OUTSIDE], unsettled={f"{RETENTION['address']} retention_in_days"})
    assert (found.reason, len(found.unsettled)) == (Reason.UNMANAGED_ADDITION, 1)


@pytest.mark.parametrize(
    ("rule_address", "address", "ignored"),
    [
        ("aws_x.p", "aws_x.p", True),
        ("aws_x.p", 'aws_x.p["k"]', True),
        ("aws_x.p", 'aws_x.p["a.b[0]/\\"q\\""]', True),
        ("aws_x.p", "aws_x.p[3]", True),
        ('aws_x.p["k"]', 'aws_x.p["k"]', True),
        ('aws_x.p["k"]', 'aws_x.p["other"]', False),
        ('aws_x.p["k"]', "aws_x.p", False),
        ("aws_x.p", "module.m.aws_x.p", False),
        ("aws_x.p", "aws_x.pp", False),
        ("module.m.aws_x.p", 'module.m["a.b"].aws_x.p[0]', True),
        ('module.m["a.b"].aws_x.p', 'module.m["a.b"].aws_x.p', True),
        ('module.m["a"].aws_x.p', 'module.m["b"].aws_x.p', False),
        ("module.m.aws_x.p", "module.n.module.m.aws_x.p", False),
    ],
)
def test_a_rule_names_all_instances_of_its_resource_in_its_own_module(
    rule_address: str, address: str, ignored: bool
) -> None:
    moved = change("aws_x.p", ["update"], {"size": 1}, {"size": 2}) | {"address": address}
    ignore = Ignore.model_validate(
        {"address": rule_address, "path": "size", "owner": "payments", "until": NOW.date().isoformat()}
    )
    assert finding(moved, ignore=[ignore]).harmless == ignored


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("tags", {"a", "a.b", 'a["b"]', "0"}),
        ("tags.a", {"a"}),
        ("tags.a.b", {"a.b"}),
        ('tags["a.b"]', {"a.b"}),
        ('tags["0"]', {"0"}),
        ('tags["a[\\"b\\"]"]', {'a["b"]'}),
    ],
)
def test_a_rule_ignores_the_key_that_it_names_and_what_is_inside(path: str, ignored: set[str]) -> None:
    """Seen: `tags.a` also hid the tag `a.b`."""
    for key in ("a", "a.b", 'a["b"]', "0"):
        moved = change("aws_cloudwatch_log_group.this", ["update"], {"tags": {key: "x"}}, {"tags": {key: "y"}})
        assert finding(moved, ignore=[rule(NOW.date(), path=path)]).harmless == (key in ignored), key
