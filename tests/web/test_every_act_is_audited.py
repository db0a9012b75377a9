"""Every act through the real server, engine and records file: an actor with a proof, after the apply and a restart."""

import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.control import ACTIONS
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.record.model import Record
from reconciler.core.record.state import KnownState, StatePlace, StateSeen
from reconciler.core.status.advance import first
from reconciler.core.status.events import PassHeld, Removed
from reconciler.core.vocabulary import Reason
from reconciler.edges.store.sqlite import SqliteStore
from reconciler.engine.control import EngineControl
from reconciler.engine.passes.reconcile import reconcile
from reconciler.web.api.routes import make_app
from reconciler.web.server import serve
from tests.core.documents import change
from tests.core.instances import SERVICE, applied, fold, instance, with_policy
from tests.engine.fake_engine import ORDERS, ServiceTerraform, platform
from tests.engine.fakes.terraform import FakeLocks
from tests.engine.fakes.world import REDACTOR, FakeController, fake_records, fake_world

ME = pwd.getpwuid(os.geteuid()).pw_name  # the account at the other end of the socket
PLANNED = (change("aws_vpc.this", ["create"], None, {"a": 1}),)
ADOPTED = (change("aws_vpc.this", ["no-op"], {"a": 1}, {"a": 1}, importing={"id": "vpc-1"}),)
LOCK = LockInfo("lock-1", "jane@laptop", "OperationTypeApply", "2026-11-25 01:00:00 UTC")
PLACE = StatePlace("123456789012", "eu-central-1", "states", "develop/orders/terraform.tfstate", "locks")
LOST = KnownState(StateSeen(PLACE, StateVersion("l1", 7, 3)), StateSeen(PLACE, StateVersion("l2", 1, 3)))
APPROVED = "develop/orders/approve"


class Served:
    """The API on a unix socket, in front of an engine on a records file."""

    def __init__(self, store: SqliteStore, session: aiohttp.ClientSession, terraform: ServiceTerraform) -> None:
        self._session, self._terraform = session, terraform
        record = first(instance(with_policy(SERVICE, "{mode: approve}")), "c1")
        locks = FakeLocks({ORDERS: LOCK})
        self.world = fake_world(platform(), record, store=store, terraform=terraform, locks=locks)
        self.control = EngineControl(FakeController(self.world))

    def put(self, record: Record) -> None:
        """Put the service into that state."""
        fake_records(self.world)[ORDERS] = record.replace(version=self.world.records[ORDERS].version)

    async def act(self, path: str, **body: str) -> tuple[int, Any]:
        """Act as ann. Returns status and answer."""
        url = f"http://localhost/api/v1/{path}"
        async with self._session.post(url, json={"by": "ann", "reason": f"because of {path}"} | body) as answer:
            return answer.status, await answer.json()

    async def entries(self) -> list[dict[str, Any]]:
        """Return the audit, the oldest first."""
        async with self._session.get("http://localhost/api/v1/audit?limit=200") as answer:
            found: list[dict[str, Any]] = (await answer.json())["entries"]
        return found[::-1]

    async def plan(self, *changes: Any) -> str:
        """Let a pass find these changes. Returns the digest of the plan."""
        self._terraform.planned = changes
        await reconcile(ORDERS, self.world)
        plan = self.world.records[ORDERS].plan
        assert plan is not None
        return plan.digest


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """Serve a daemon with the records file of the folder."""
    store, path = SqliteStore(folder / "records.sqlite3"), folder / "reconciler.sock"
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session:
        one = Served(store, session, ServiceTerraform(moves=False))
        await one.world.records.audit.load()
        app = make_app(one.control, metrics=lambda: (b"", "text/plain"), token=None, version="1", redact=REDACTOR.value)
        async with serve(app, host="127.0.0.1", port=0, socket=path):
            yield one
    await store.close()


async def every_act(daemon: Served) -> list[str]:
    """Carry out every act once, some of them refused. Returns the names of the actions, in order."""
    new = daemon.world.records[ORDERS]
    digest = await daemon.plan(*PLANNED)
    asked = [("develop/orders/reject", {"digest": digest}), (APPROVED, {"digest": "sha256:other"})]
    asked += [(APPROVED, {"digest": digest})]
    done = [await daemon.act(f"instances/{path}", **body) for path, body in asked]
    await reconcile(ORDERS, daemon.world)
    assert daemon.world.records[ORDERS].approval is None
    for record, path, body in (
        (None, "suspend", {}),
        (None, "resume", {}),
        (None, "reconcile", {}),
        (None, "reconcile", {"override_window": "an incident"}),
        (None, "explode", {}),
        (fold(applied(), PassHeld(Reason.STATE_LOCKED, "locked")), "unlock", {"lock_id": "lock-1"}),
        (fold(applied(), Removed(None)), "prune", {}),
        (applied().replace(state=LOST), "adopt-state", {}),
    ):
        if record:
            daemon.put(record)
        done.append(await daemon.act(f"instances/develop/orders/{path}", **body))
        asked.append((f"develop/orders/{path}", {}))
    daemon.put(new)
    digest = await daemon.plan(*ADOPTED)
    done.append(await daemon.act("instances/develop/orders/adopt", digest=digest))
    done += [await daemon.act("freeze", environment="develop"), await daemon.act("unfreeze", environment="develop")]
    assert [status for status, _ in done] == [200, 409, 200, 200, 200, 200, 409, 404, 200, 200, 200, 200, 200, 200], (
        done
    )
    return [path.rpartition("/")[2] for path, _ in asked] + ["adopt", "freeze", "unfreeze"]


async def test_every_act_has_a_proven_actor_after_the_apply_and_a_restart(tmp_path: Path) -> None:
    async with served(tmp_path) as daemon:
        actions = await every_act(daemon)
        before = await daemon.entries()
    async with served(tmp_path) as daemon:
        found = await daemon.entries()
    assert found == before
    people = [entry for entry in found if entry["by"] != "reconciler"]
    assert [entry["action"] for entry in people] == actions
    assert set(ACTIONS) | {"freeze", "unfreeze"} <= set(actions), "every action of the API is among them"
    assert {(entry["by"], entry["proof"], entry["peer"]) for entry in people} == {(ME, "socket", "socket")}
    assert all(entry["reason"].startswith("because of ") for entry in people)
    refused = [(entry["action"], entry["result"]) for entry in people if entry["result"] != "accepted"]
    assert refused == [("approve", "refused"), ("reconcile", "refused"), ("explode", "refused")]
    approval = next(entry for entry in people if (entry["action"], entry["result"]) == ("approve", "accepted"))
    applies = [entry for entry in found if entry["action"] == "apply"]
    assert [entry["result"] for entry in applies] == ["started", "applied"]
    follows = [{"id": approval["id"], "by": ME, "proof": "socket"}]
    assert [(entry["digest"], entry["follows"]) for entry in applies] == [(approval["digest"], follows)] * 2
