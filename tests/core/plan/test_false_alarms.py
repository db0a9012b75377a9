"""False alarms: the corpus of harmless differences is no drift, and the corpus of harmful ones is.

`seen` is the drift that Terraform reports although no plan would change anything. A plan can also be one that a
provider makes although only the notation differs.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.plan.drift import DriftFinding, classify
from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import NOW
from tests.core.plan.container_differences import CONTAINERS
from tests.core.plan.differences import OUTSIDE, STATE
from tests.core.plan.harmful import HARMFUL
from tests.core.plan.outdated import PUT_BACK, UPGRADED


def classified(*changes: Mapping[str, Any], seen: Mapping[str, Any] | None = None, **more: Any) -> DriftFinding:
    plan = read(document(*changes, drift=[seen] if seen else [], **more), Redactor(b"a key for tests"))
    return classify(plan, applied_digest="d1", desired_digest="d1", ignore=(), rolled_back=False, now=NOW)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_rewritten_container_is_no_drift_of_either_kind(name: str) -> None:
    before, after = CONTAINERS[name]
    replaced = change(
        "aws_ecs_task_definition.this",
        ["delete", "create"],
        {**before, "arn": "a:1", "revision": 1},
        after,
        unknown={"arn": True, "revision": True, "id": True},
    )
    follows = change(
        "aws_ecs_service.this", ["update"], {"task_definition": "a:1"}, {}, unknown={"task_definition": True}
    )
    assert classified(replaced, follows) == DriftFinding(Sync.IN_SYNC, None, (), harmless=True)
    assert classified(seen=change("aws_ecs_task_definition.this", ["update"], before, after)).sync == Sync.IN_SYNC


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_harmless_difference_is_no_drift(name: str) -> None:
    address, before, after = OUTSIDE[name]
    assert classified(seen=change(address, ["update"], before, after), state=STATE).sync == Sync.IN_SYNC


def test_the_corpus_has_a_minimum_size() -> None:
    assert len(CONTAINERS) + len(OUTSIDE) + len(UPGRADED) + len(PUT_BACK) >= 60
    assert len(HARMFUL) >= 60


def outdated(seen: Mapping[str, Any], *, other_provider: bool = False, of_state: Any = None) -> DriftFinding:
    plan, wanted = (
        read(document(*changes, drift=drift), Redactor(b"a key for tests"))
        for changes, drift in (((), [seen]), ((of_state,) if of_state else (), ()))
    )
    return classify(
        plan,
        applied_digest="d1",
        desired_digest="d1",
        ignore=(),
        rolled_back=False,
        now=NOW,
        of_state=wanted,
        other_provider=other_provider,
    )


@pytest.mark.parametrize("name", UPGRADED)
def test_what_an_older_provider_did_not_write_is_no_drift_until_the_present_one_wrote_the_state(name: str) -> None:
    address, before, after = UPGRADED[name]
    seen = change(address, ["update"], before, after)
    found = outdated(seen, other_provider=True)
    assert (found.sync, found.unexplained, [each.address for each in found.outdated]) == (
        Sync.IN_SYNC,
        False,
        [address],
    )
    assert outdated(seen).reason == Reason.UNMANAGED_ADDITION


@pytest.mark.parametrize("name", PUT_BACK)
def test_a_value_that_the_root_asks_for_is_no_drift_though_the_state_has_another(name: str) -> None:
    address, before, after = PUT_BACK[name]
    seen = change(address, ["update"], before, after)
    found = outdated(seen, of_state=change(address, ["update"], before, after))
    assert (found.sync, found.unexplained, [each.address for each in found.outdated]) == (
        Sync.IN_SYNC,
        False,
        [address],
    )
    other = dict.fromkeys(after, "another value")
    for wanted in (None, change(address, ["update"], before, other), change("aws_vpc.x", ["update"], before, after)):
        assert outdated(seen, of_state=wanted).reason == Reason.UNMANAGED_ADDITION


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_difference_is_drift_whatever_wrote_the_state(name: str) -> None:
    address, before, after = HARMFUL[name]
    seen = change(address, ["update"], before, after)
    found = outdated(seen, other_provider=True, of_state=change("aws_vpc.x", ["update"], before, after))
    assert (found.sync, found.unexplained, found.outdated) == (Sync.DRIFTED, True, ())


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_difference_is_drift(name: str) -> None:
    address, before, after = HARMFUL[name]
    found = classified(seen=change(address, ["update"], before, after), state=STATE)
    assert (found.sync, found.reason) == (Sync.DRIFTED, Reason.UNMANAGED_ADDITION)
    assert [item.address for item in found.drifted] == [address]
    planned = classified(change(address, ["update"], after, before))
    assert (planned.sync, planned.reason) == (Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE)
