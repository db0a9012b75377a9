"""A player of transitions: Git changes, the engine plans and applies, rollouts end, and traffic is watched throughout.

The engine, its edges and Terraform are real; the platform is made through the API and its record says that it was
applied. After each call that changes something, the stand-in is asked whether the watched requests are answered.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import yaml

from deploy.local.standin import StandIn
from desired_state.instance import Key
from reconciler.core.record.model import Base
from reconciler.core.record.runs import Intent
from reconciler.core.status.events import Applied, Applying, Desired
from reconciler.core.vocabulary import ConditionType, Reason
from tests import roles
from tests.e2e.fleet import PLATFORM, Fleet, fleet
from tests.e2e.transitions.traffic import CLUSTER, Traffic, Watched
from tests.e2e.transitions.wanted import SECRETS, TAGS, Wanted
from tests.e2e.transitions.witness import witnessed
from tests.terraform.landscape import make_platform

_OCI = "application/vnd.oci.image.manifest.v1+json"
_NEVER = 80_000.0  # seconds
_SOON = timedelta(seconds=20)  # too soon for a drift check: only what changed is planned
_CALM = frozenset({Reason.APPLIED, Reason.IN_SYNC})
_REFUSED = frozenset({Reason.POLICY_DENIED, Reason.AWAITING_APPROVAL})
_MOST_ROUNDS = 12
_DUE = timedelta(minutes=40)

Services = Mapping[str, Wanted]
Outcome = Literal["safe", "refused", "rolled back"]


@dataclass
class Player:
    """`aws` is asked directly; everything of the daemon goes through the witness."""

    stage: Fleet
    aws: StandIn
    traffic: Traffic
    platform: Mapping[str, Any]
    wanted: dict[str, Wanted] = field(default_factory=dict)
    refusal: str = ""
    calls: list[str] = field(default_factory=list)
    outages: list[str] = field(default_factory=list)
    _watched: tuple[Watched, ...] = ()

    def look(self, call: str) -> None:
        """Notice which of the watched requests are not answered after a call."""
        self.calls.append(call)
        self.outages += [f"after {call}: {problem}" for problem in self.traffic.unanswered(self._watched)]

    async def begin(self, *services: Wanted) -> None:
        """Make services, and wait until they are live."""
        self.wanted = {service.name: service for service in services}
        await self._accept(self.wanted)
        await self._offer(self.platform)
        for key in map(_key, services):
            await self.stage.visit(key, after=_SOON)
        await asyncio.to_thread(self._push_images, [service.name for service in services])
        assert await self._settle(services) == "safe"

    def use_terraform(self, folder: Path) -> None:
        """Let the next commit come with this Terraform code."""
        file = self.stage.folder / "reconciler.yaml"
        document = yaml.safe_load(file.read_text())
        document["terraform"]["source"]["path"] = str(folder)
        file.write_text(yaml.safe_dump(document))

    async def offer(self, **cluster: Any) -> Outcome:
        """Change what the platform offers to services, and let them follow."""
        offered = {**self.platform, "cluster": {**self.platform["cluster"], **cluster}}
        with self._watching(self.wanted):
            await self._offer(offered)
            return await self._settle(self.wanted.values())

    async def change(self, *services: Wanted, failing: bool = False, take_back: bool = True) -> Outcome:
        """Change services in Git and follow their transition to its end. A refused one, or one that was rolled back, is
        taken back unless that is left to the next change.

        Raises: AssertionError, when a request was not answered meanwhile.
        """
        before = dict(self.wanted)
        after = {**before, **{service.name: service for service in services}}
        with self._watching(after):
            for service in services if failing else ():
                self.aws.fail_deployments(CLUSTER, service.name)
            await self._accept(after)
            outcome = await self._settle(after.values())
            self.aws.allow_deployments()
            if outcome == "safe":
                self.wanted = after
            elif take_back:
                await self._accept(before)
                assert await self._settle(before.values(), after=_DUE) == "safe"
        return outcome

    @contextmanager
    def _watching(self, after: Services) -> Iterator[None]:
        """Watch the paths that have an owner before and after, for the length of a `with` block."""
        self.calls.clear()
        before, then = _owners(self.wanted), _owners(after)
        self._watched = tuple(Watched(path, before[path] | then[path]) for path in before if path in then)
        try:
            yield
            self.look("the transition")
        finally:
            self._watched = ()
        assert not self.outages, "\n".join(self.outages[:10])

    async def _settle(self, services: Iterable[Wanted], *, after: timedelta = _SOON) -> Outcome:
        """Visit services until nothing is left to do; rollouts end between two rounds."""
        outcome: Outcome = "safe"
        for _ in range(_MOST_ROUNDS):
            self.aws.set_rollout_delay(_NEVER)
            records = []
            for key in map(_key, services):
                since = self.aws.last_request()
                record = await self.stage.visit(key, after=after)
                records.append(record)
                assert record.failures is None, (str(key), record.conditions)
                if record.reason in _REFUSED:
                    self.refusal = record.conditions[ConditionType.READY].message
                    assert self._changes(since) == [], "it was refused after something was touched"
                    outcome = "refused"
            self.look("the visits")
            self.aws.set_rollout_delay(0)
            self.look("the rollouts")
            if any(record.reason == Reason.ROLLED_BACK for record in records):
                outcome = "rolled back"
            if all(record.reason in _CALM | _REFUSED | {Reason.ROLLED_BACK} for record in records):
                return outcome
        raise AssertionError([(str(record.key), record.reason, record.conditions) for record in records])

    def _changes(self, since: int) -> list[str]:
        """Return the calls that changed something, apart from Terraform's state."""
        reads = ("Describe", "Get", "List", "BatchGet", "Head", "Assume")
        return [
            f"{call['service']} {call['operation']}"
            for call in self.aws.requests(since)
            if call["service"] not in {"s3", "sts"} and not str(call["operation"]).startswith(reads)
        ]

    async def _accept(self, services: Services) -> None:
        await self.stage.accept(**{service.manifest_name: service.manifest() for service in services.values()})

    async def _offer(self, platform: Mapping[str, Any]) -> None:
        """Let the platform's record say that it was applied, with these outputs."""
        record = self.stage.world.records[PLATFORM]
        instance, now = record.instance, self.stage.clock
        for event in (
            Desired("made through the API", instance.source_digest, record.accepted_commit),
            Applying(Intent("pass", "d", "p", False, now), Base(instance.root, instance.tree_id, {})),
            Applied({"platform": platform}, None),
        ):
            await self.stage.world.records.advance(PLATFORM, event)

    def _push_images(self, names: Iterable[str]) -> None:
        digest = f"sha256:{'0' * 64}"
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": digest}
        ecr = self.aws.client("ecr")
        for name in names:
            for tag in TAGS:
                content = {"schemaVersion": 2, "mediaType": _OCI, "config": config, "layers": [], "tag": tag}
                ecr.put_image(
                    repositoryName=f"{CLUSTER}/{name}",
                    imageManifest=json.dumps(content),
                    imageManifestMediaType=_OCI,
                    imageTag=tag,
                )


def _owners(services: Services) -> Mapping[str, frozenset[str]]:
    """Return the services that each path belongs to."""
    paths = {path for service in services.values() for path in service.paths}
    return {path: frozenset(one.name for one in services.values() if path in one.paths) for path in paths}


def _key(service: Wanted) -> Key:
    return Key("develop", service.manifest_name)


@asynccontextmanager
async def player(aws: StandIn, folder: Path) -> AsyncIterator[Player]:
    """Set up a platform without services; the caller's environment has to lead to `aws`, or to nothing."""
    platform = roles.bounded(aws, make_platform(aws, CLUSTER))
    for secret in SECRETS:
        aws.client("secretsmanager").create_secret(Name=secret, SecretString="x")
    traffic = Traffic(aws, platform["alb"]["listener_arn"], platform["alb"]["security_group_id"])
    found: list[Player] = []
    with witnessed(aws.endpoint, lambda call: found[0].look(call) if found else None) as endpoint:
        async with fleet(dataclasses.replace(aws, endpoint=endpoint), folder) as stage:
            found.append(Player(stage, aws, traffic, platform))
            yield found[0]
