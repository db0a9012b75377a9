"""Refreshes: a state that alone is behind learns once per version of the provider what is in AWS, and hides no move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from reconciler.core.record.model import Record, StateWriter
from reconciler.core.status.events import Accepted
from reconciler.core.vocabulary import Health, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import NOW, SERVICE, instance, with_policy
from tests.engine.fake_engine import ORDERS, Change, FakeEngine, ServiceTerraform

UNKNOWN_BEFORE = change("aws_lb_target_group.this", ["update"], {"ip_address_type": None}, {"ip_address_type": "ipv4"})
PUT_BACK = change("aws_cloudwatch_log_group.this", ["update"], {"retention_in_days": 1}, {"retention_in_days": 30})
BY_HAND = change("aws_s3_bucket.this", ["update"], {"cors_rule": []}, {"cors_rule": [{"id": "by hand"}]})


@dataclass
class AgedTerraform(ServiceTerraform):
    """Terraform whose plans are empty beside what changed outside: `behind` until an apply wrote the state, `added`.

    A plan of the state asks for `of_state`.
    """

    behind: Sequence[Change] = ()
    added: Sequence[Change] = ()
    of_state: Sequence[Change] = ()
    provider: str = "hashicorp/aws 5.100.0"
    learns: bool = True
    compared: int = field(default=0)

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        return document(drift=[*self.behind, *self.added], provider_versions=self.provider)

    async def plan_of_state(self) -> Mapping[str, Any]:
        self.compared += 1
        return document(*self.of_state)

    async def apply(self) -> Mapping[str, Any]:
        if self.learns:
            self.behind, self.of_state = (), ()
        return await super().apply()


async def aged(written_by: str | None = None, **more: Any) -> tuple[FakeEngine, AgedTerraform]:
    """Return an engine whose service was found in sync, and whose state was written with that provider."""
    terraform = AgedTerraform()
    engine = FakeEngine(terraform)
    await engine.visit()
    engine.add(engine.orders.replace(writer=StateWriter(written_by) if written_by else None))
    for name, value in more.items():
        setattr(terraform, name, value)
    return engine, terraform


def is_quiet(record: Record) -> bool:
    return (record.sync, record.drift, record.health) == (Sync.IN_SYNC, None, Health.HEALTHY)


@pytest.mark.parametrize("written_by", [None, "hashicorp/aws 4.67.0"])
async def test_a_state_of_an_older_provider_is_refreshed_once_and_nobody_is_told(written_by: str | None) -> None:
    engine, terraform = await aged(written_by, behind=[UNKNOWN_BEFORE])
    for _ in range(5):
        record = await engine.pass_interval()
        assert is_quiet(record)
    assert (terraform.applies, terraform.compared) == (1, 0)
    assert record.writer == StateWriter(terraform.provider, refreshed=True)
    assert (record.applied_digest, record.intent) == (record.desired_digest, None)


async def test_an_upgrade_of_the_provider_refreshes_the_state_in_the_pass_that_finds_nothing_to_change() -> None:
    engine, terraform = await aged("hashicorp/aws 4.67.0", behind=[UNKNOWN_BEFORE])
    await engine.world.records.advance(ORDERS, Accepted(instance(tree_id="sha256:2"), "c2"))
    record = await engine.visit()
    assert (is_quiet(record), terraform.applies, record.applied_commit) == (True, 1, "c2")


async def test_what_the_present_provider_did_not_write_is_a_move() -> None:
    engine, terraform = await aged("hashicorp/aws 5.100.0", behind=[UNKNOWN_BEFORE])
    for _ in range(2):
        record = await engine.pass_interval()
    assert record.drift is not None
    assert (record.drift.reason, terraform.applies) == (Reason.UNMANAGED_ADDITION, 0)


async def test_a_value_that_was_put_back_by_hand_is_learned_once_and_never_told() -> None:
    engine, terraform = await aged("hashicorp/aws 5.100.0", behind=[PUT_BACK], of_state=[PUT_BACK], learns=False)
    for _ in range(5):
        assert is_quiet(await engine.pass_interval())
    assert terraform.applies == 1


async def test_beside_a_move_the_state_is_not_refreshed_and_the_move_is_told_alone() -> None:
    engine, terraform = await aged(behind=[UNKNOWN_BEFORE, PUT_BACK], of_state=[PUT_BACK], added=[BY_HAND])
    for _ in range(3):
        record = await engine.pass_interval()
        assert record.drift is not None
        assert [each.address for each in record.drift.resources] == ["aws_s3_bucket.this"]
    assert terraform.applies == 0
    terraform.added = ()
    assert is_quiet(await engine.pass_interval())
    assert (terraform.applies, is_quiet(await engine.pass_interval())) == (1, True)


async def test_what_is_only_observed_or_frozen_is_not_refreshed() -> None:
    engine, terraform = await aged(behind=[UNKNOWN_BEFORE])
    await engine.world.records.advance(ORDERS, Accepted(instance(with_policy(SERVICE, "{mode: observe}")), "c2"))
    assert is_quiet(await engine.pass_interval())
    await engine.world.records.advance(ORDERS, Accepted(instance(), "c3"))
    await engine.world.freezing.freeze("develop", by="ann", reason="an incident", at=NOW)
    assert is_quiet(await engine.pass_interval())
    assert terraform.applies == 0
