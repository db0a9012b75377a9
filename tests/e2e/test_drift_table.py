"""Changes by hand to an applied platform and its services: each is found, said to be what it is, and healed or, where
no plan could, told with its remedy; and as long as nobody touches anything, nothing is said.

One story is played once, with the real roots; the tests ask what came of it.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from desired_state.instance import Key
from reconciler.core.record.model import Record
from reconciler.core.views import changes
from reconciler.core.vocabulary import Reason, Sync
from tests.e2e.changes.additions import ADDITIONS
from tests.e2e.changes.case import Case, Expected
from tests.e2e.changes.ledger import LEDGER_CASES
from tests.e2e.changes.orders import ORDERS_CASES
from tests.e2e.changes.platform import PLATFORM_CASES
from tests.e2e.fleet import LEDGER, ORDERS, PLATFORM, Fleet, fleet
from tests.standins import borrowed

# A load balancer alone takes a minute to come, and a busy machine more for all that follows.
pytestmark = [pytest.mark.aws, pytest.mark.timeout(1500), pytest.mark.long]

CASES = (*ORDERS_CASES, *LEDGER_CASES, *PLATFORM_CASES)
WITH_REMEDIES = [(case, remedy) for case, remedy, _ in ADDITIONS]
QUIET_CHECKS = 4
# A role without the policy that it should have exclusively is told beside the policy that is gone.
FOLLOWS = {"module.service.aws_iam_role_policies_exclusive.execution"}


@dataclass
class Played:
    """Return what was seen."""

    quiet: list[Record] = field(default_factory=list)
    first_look: dict[Key, Record] = field(default_factory=dict)
    confirmed: dict[Key, dict[str, Any]] = field(default_factory=dict)
    healed: dict[Key, Record] = field(default_factory=dict)
    afterwards: dict[Key, Record] = field(default_factory=dict)
    added: dict[str, Any] = field(default_factory=dict)
    told: str = ""
    removed: Record | None = None


async def play(stage: Fleet) -> Played:
    """The story."""
    seen = Played()
    await stage.begin()
    while len(seen.quiet) < QUIET_CHECKS - 2:
        seen.quiet += await asyncio.gather(stage.visit(ORDERS), stage.visit(LEDGER))
    seen.quiet += [await stage.visit(PLATFORM), await stage.visit(PLATFORM)]
    for case in CASES:
        await asyncio.to_thread(case.do, stage.aws)
    for key in (ORDERS, LEDGER, PLATFORM):
        seen.first_look[key] = await stage.visit(key)
        seen.healed[key] = await stage.second_look(key)
        seen.confirmed[key] = report_of(stage, key)["drift"]
        seen.afterwards[key] = await stage.visit(key)
    for case, _, _ in ADDITIONS:
        await asyncio.to_thread(case.do, stage.aws)
    await stage.visit(PLATFORM)
    record = await stage.second_look(PLATFORM)
    seen.added = changes.drift(record, stage.clock) or {}
    seen.told = next(item.message for item in record.conditions.values() if item.reason == Reason.UNMANAGED_ADDITION)
    for _, _, undo in ADDITIONS:
        await asyncio.to_thread(undo, stage.aws)
    seen.removed = await stage.visit(PLATFORM)
    return seen


def report_of(stage: Fleet, key: Key) -> dict[str, Any]:
    """The newest report of an instance."""
    kept = sorted((stage.folder / "data/reports" / str(key)).glob("*.json"))
    document: dict[str, Any] = json.loads(kept[-1].read_text())
    return document


@pytest.fixture(scope="module")
def aws() -> Iterator[StandIn]:
    """Of its own: the changes take what they find for the platform's, and other stories would meet what it leaves."""
    with borrowed() as running:
        yield running


@pytest.fixture(scope="module")
def played(aws: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder: Path = tmp_path_factory.mktemp("fleet")

    async def all_of_it() -> Played:
        async with fleet(aws, folder) as stage:
            return await play(stage)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment().items():
            patch.setenv(name, value)
        yield asyncio.run(all_of_it())


def fits(value: Any, expected: Expected) -> bool:
    return bool(expected(value)) if callable(expected) else bool(value == expected)


def check(case: Case, resources: list[Mapping[str, Any]]) -> None:
    """The resource is there, with the attribute, the value that was in force and the one that was found."""
    (resource,) = [item for item in resources if item["address"] == case.address]
    assert resource["change"] == case.change
    if case.attribute is None:
        assert resource["attributes"] == {}
        return
    value = next(
        value
        for path, value in resource["attributes"].items()
        if path == case.attribute or path.startswith(f"{case.attribute}.")
    )
    assert fits(value["old"], case.old), value
    assert fits(value["new"], case.new), value


def test_a_quiet_system_stays_quiet(played: Played) -> None:
    assert len(played.quiet) == QUIET_CHECKS
    moved = [(str(record.key), record.sync, record.drift) for record in played.quiet]
    assert [one for one in moved if one[1:] != (Sync.IN_SYNC, None)] == []
    checks = {(record.key, record.checked_at) for record in played.quiet}
    assert len(checks) == QUIET_CHECKS, "each of them was a plan"


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(CASES) + len(ADDITIONS) >= 35


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_change_by_hand_is_found_and_said_to_be_what_it_is(played: Played, case: Case) -> None:
    check(case, played.confirmed[case.instance]["resources"])


@pytest.mark.parametrize("key", [ORDERS, LEDGER, PLATFORM], ids=str)
def test_it_is_told_at_the_second_look_healed_at_once_and_nothing_else_is_told(played: Played, key: Key) -> None:
    first, healed, after = played.first_look[key], played.healed[key], played.afterwards[key]
    assert (first.sync, first.drift and first.drift.confirmed) == (Sync.DRIFTED, None)
    drift = played.confirmed[key]
    assert drift["response"] == "heal"
    deleted = any(case.change == "deleted" for case in CASES if case.instance == key)
    assert drift["reason"] == (Reason.MISSING_RESOURCE if deleted else Reason.OUT_OF_BAND_CHANGE)
    assert (healed.sync, healed.drift, len(healed.repairs)) == (Sync.IN_SYNC, None, 1)
    assert (after.sync, after.drift) == (Sync.IN_SYNC, None), "the next look finds nothing"
    expected = {case.address for case in CASES if case.instance == key}
    assert {item["address"] for item in drift["resources"]} - FOLLOWS == expected - FOLLOWS


@pytest.mark.parametrize(("case", "remedy"), WITH_REMEDIES, ids=[case.name for case, _ in WITH_REMEDIES])
def test_what_no_plan_would_take_back_is_told_with_its_remedy(played: Played, case: Case, remedy: str) -> None:
    assert (played.added["reason"], played.added["response"]) == ("UnmanagedAddition", "report")
    check(case, played.added["resources"])
    assert f"{case.address}: {remedy}" in played.added["remedies"]
    assert remedy in played.told


def test_an_addition_that_was_removed_is_over(played: Played) -> None:
    assert played.removed is not None
    assert (played.removed.sync, played.removed.drift) == (Sync.IN_SYNC, None)
