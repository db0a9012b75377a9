"""The inputs through which a secret can reach the daemon: each plants its canaries and waits until they arrived."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import Approve, Reconcile, Reject
from reconciler.core.ports.source import SourceFailed
from reconciler.core.ports.terraform import LockInfo, TerraformFailed
from reconciler.core.principal import Principal
from reconciler.core.vocabulary import Reason
from tests.canary.canaries import Canary, text_of
from tests.canary.daemon import ALPHA, MANIFEST, CanaryDaemon, revision
from tests.canary.terraform import Outside, empty_plan
from tests.core.documents import change, document

Canaries = Sequence[Canary]
ANN = Principal("ann", "socket")


@dataclass(frozen=True, slots=True)
class Input:
    """One input. `live` runs the daemon until the secrets have passed through all of it."""

    name: str
    outside: Callable[[Canaries], Outside]
    live: Callable[[CanaryDaemon, Canaries], Any]


async def until_planned(daemon: CanaryDaemon, _: Canaries) -> None:
    """Wait for a plan and its verdict."""
    await daemon.until(lambda: daemon.record and daemon.record.plan and daemon.record.reason)
    await _history(daemon)


async def until_failed(daemon: CanaryDaemon, _: Canaries) -> None:
    """Wait for a failed pass."""
    await daemon.until(lambda: daemon.record and daemon.record.reason)
    await _history(daemon)


async def until_drifted(daemon: CanaryDaemon, canaries: Canaries) -> None:
    """Let an instance drift after it was in sync, confirm that, and let CloudTrail name the author."""
    later, daemon.outside.planned = daemon.outside.planned, empty_plan
    await daemon.until(lambda: daemon.record and daemon.record.reason == Reason.IN_SYNC)
    daemon.outside.planned = later
    await daemon.control.act(ALPHA, Reconcile(), by=ANN)
    await daemon.until(lambda: daemon.record and daemon.record.drift and daemon.record.drift.who != "unknown")
    await _history(daemon)


async def until_the_source_failed(daemon: CanaryDaemon, _: Canaries) -> None:
    """Wait for a failed fetch."""
    await daemon.until(lambda: daemon.controller.source_status.error)


async def until_applied(daemon: CanaryDaemon, _: Canaries) -> None:
    """Approve the plan and wait for the apply."""
    await daemon.until(lambda: daemon.record and daemon.record.reason == Reason.AWAITING_APPROVAL)
    assert daemon.record
    assert daemon.record.plan
    await daemon.control.act(ALPHA, Approve(daemon.record.plan.digest), by=ANN)
    await daemon.until(lambda: daemon.record and daemon.record.applied_at)


async def until_rejected(daemon: CanaryDaemon, canaries: Canaries) -> None:
    """Reject the plan, with secrets in the name of the approver."""
    await daemon.until(lambda: daemon.record and daemon.record.reason == Reason.AWAITING_APPROVAL)
    assert daemon.record
    assert daemon.record.plan
    await daemon.control.act(ALPHA, Reject(), by=Principal(text_of(canaries), "socket"))
    await daemon.until(lambda: daemon.record and daemon.record.reason == Reason.REJECTED)


async def until_the_manifest_is_invalid(daemon: CanaryDaemon, canaries: Canaries) -> None:
    """Follow a valid manifest by one that has secrets in other fields."""
    await daemon.until(lambda: daemon.record and daemon.record.reason)
    wrong = MANIFEST.replace("mode: approve", "mode: " + json.dumps(canaries[-1].quoted))
    for number, canary in enumerate(canaries):
        wrong += f"---\n{MANIFEST.replace('alpha', f'beta{number}').replace('approve', json.dumps(canary.quoted))}"
    daemon.outside.fetched = lambda: revision(wrong)
    await daemon.until(lambda: daemon.controller.source_status.problems)
    await daemon.until(lambda: daemon.record and "Stalled" in daemon.record.conditions)


async def _history(daemon: CanaryDaemon) -> None:
    while not await daemon.store.history(ALPHA, limit=1):
        await daemon.until(lambda: True)


def _raises(error: Exception) -> Callable[[], Mapping[str, Any]]:
    def fail() -> Mapping[str, Any]:
        raise error

    return fail


def _plan(**parts: Callable[[Canaries], Any]) -> Callable[[Canaries], Outside]:
    def outside(canaries: Canaries) -> Outside:
        made = {name: part(canaries) for name, part in parts.items()}
        changes = made.pop("changes", ())
        return Outside(revision, lambda: document(*changes, **made))

    return outside


def _containers(canaries: Canaries) -> str:
    environment = [{"name": f"V_{canary.shape.upper()}", "value": canary.value} for canary in canaries]
    return json.dumps([{"name": "app", "image": "registry/app:1", "environment": environment}])


def _task(canaries: Canaries) -> list[dict[str, Any]]:
    after = {"container_definitions": _containers(canaries)}
    return [change("aws_ecs_task_definition.this", ["create"], None, after)]


def _sensitive(canaries: Canaries) -> list[dict[str, Any]]:
    values = {canary.shape: canary.value for canary in canaries}
    hidden = dict.fromkeys(values, True)
    return [
        change("terraform_data.this", ["update"], values, {}, hidden_before=hidden, hidden_after=hidden),
        change("terraform_data.that", ["create"], None, {"input": [values]}, hidden_after={"input": [hidden]}),
    ]


def _copied(canaries: Canaries) -> list[dict[str, Any]]:
    """Plan values that are marked as sensitive in the input, and repeated in the output without a mark."""
    put, back = {canary.shape: canary.value for canary in canaries}, [canary.value for canary in canaries]
    hidden = {"input": dict.fromkeys(put, True)}
    return [change("terraform_data.this", ["create"], None, {"input": put, "output": back}, hidden_after=hidden)]


def _unmarked(canaries: Canaries) -> list[dict[str, Any]]:
    """Plan values that are not marked as sensitive: only names and forms show that they are secret."""
    values = {f"{canary.shape}_note": canary.quoted for canary in canaries if canary.shape != "random"}
    named = {"master_password": next(one.value for one in canaries if one.shape == "random")}
    return [change("aws_thing.this", ["create"], None, values | named)]


def _addressed(canaries: Canaries) -> list[dict[str, Any]]:
    return [change(f'aws_thing.this["{canary.quoted}"]', ["create"], None, {"a": 1}) for canary in canaries]


def _drifting(canaries: Canaries) -> Outside:
    old, new = {canary.shape: canary.value for canary in canaries}, dict.fromkeys([c.shape for c in canaries], "x")
    hidden = dict.fromkeys(old, True)
    moved = change("terraform_data.this", ["update"], new, old, hidden_before=hidden, hidden_after=hidden)
    task = change(
        "aws_ecs_task_definition.this",
        ["update"],
        {"container_definitions": _containers([])},
        {"container_definitions": _containers(canaries)},
    )
    return Outside(revision, lambda: document(moved, drift=[moved, task]), author=text_of(canaries))


def _added(canaries: Canaries) -> Outside:
    values = {canary.shape: canary.value for canary in canaries}
    added = change(
        "terraform_data.this", ["update"], {}, values, hidden_before={}, hidden_after=dict.fromkeys(values, True)
    )
    return Outside(revision, lambda: document(drift=[added]), author="ann")


def _failing(wrap: Callable[[str], Exception]) -> Callable[[Canaries], Outside]:
    return lambda canaries: Outside(revision, _raises(wrap(text_of(canaries))))


def _locked(text: str) -> Exception:
    lock = LockInfo("11111111-2222-3333-4444-555555555555", text, text, text)
    return TerraformFailed(Reason.STATE_LOCKED, text, lock=lock)


def _unfetched(canaries: Canaries) -> Outside:
    failure = SourceFailed(text_of(canaries))
    return Outside(lambda: _raises(failure)())  # type: ignore[arg-type, return-value]


def _outputs(canaries: Canaries) -> Outside:
    values = {f"{canary.shape}_password": canary.value for canary in canaries}
    grown = document(change("terraform_data.this", ["create"], None, {"a": 1}))
    return Outside(revision, lambda: grown, lambda: values)


def _failing_apply(canaries: Canaries) -> Outside:
    grown = document(change("terraform_data.this", ["create"], None, {"a": 1}))
    failure = TerraformFailed(Reason.APPLY_FAILED, text_of(canaries))
    return Outside(revision, lambda: grown, _raises(failure))


async def until_the_apply_failed(daemon: CanaryDaemon, canaries: Canaries) -> None:
    """Approve the plan and wait for the failed apply."""
    await daemon.until(lambda: daemon.record and daemon.record.reason == Reason.AWAITING_APPROVAL)
    assert daemon.record
    assert daemon.record.plan
    await daemon.control.act(ALPHA, Approve(daemon.record.plan.digest), by=ANN)
    await daemon.until(lambda: daemon.record and daemon.record.failures)


_ANY = change("terraform_data.this", ["create"], None, {"a": 1})
INPUTS = [
    Input("environment of a container", _plan(changes=_task), until_planned),
    Input("sensitive attributes", _plan(changes=_sensitive), until_planned),
    Input("copies of sensitive attributes", _plan(changes=_copied), until_planned),
    Input("unmarked attributes", _plan(changes=_unmarked), until_planned),
    Input("addresses", _plan(changes=_addressed), until_planned),
    Input("drift and its author", _drifting, until_drifted),
    Input("unmanaged additions", _added, until_drifted),
    Input("an error of a plan", _failing(lambda text: TerraformFailed(Reason.PLAN_FAILED, text)), until_failed),
    Input("an error of an apply", _failing_apply, until_the_apply_failed),
    Input("an answer of AWS", _failing(LiveUnavailable), until_failed),
    Input("a defect of the daemon", _failing(RuntimeError), until_failed),
    Input("the holder of a lock", _failing(_locked), until_failed),
    Input("a repository that cannot be fetched", _unfetched, until_the_source_failed),
    Input("values of manifests", _plan(changes=lambda _: ()), until_the_manifest_is_invalid),
    Input("names of approvers", _plan(changes=lambda _: [_ANY]), until_rejected),
    Input("outputs", _outputs, until_applied),
]
