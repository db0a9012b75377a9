"""An engine whose service needs approval, and its audit."""

from collections.abc import Sequence

from reconciler.core.ports.control import Approve
from reconciler.core.principal import Principal
from reconciler.core.record.audit import AuditEntry, AuditFilter
from reconciler.core.record.model import Record
from reconciler.core.status.advance import first
from reconciler.engine.control import EngineControl
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import change
from tests.core.instances import NOW, SERVICE, instance, with_policy
from tests.engine.fake_engine import ORDERS, ServiceTerraform, platform
from tests.engine.fakes.store import FakeStore
from tests.engine.fakes.world import FakeController, fake_world

ANN, BEN = Principal("ann", "socket"), Principal("ben", "token")
APPROVING = first(instance(with_policy(SERVICE, "{mode: approve}")), "c1")
PLANNED = (change("aws_vpc.this", ["create"], None, {"a": 1}),)


class Audited:
    """A process of the engine on a store, whose service needs approval."""

    def __init__(self, store: FakeStore, *, record: Record = APPROVING, terraform: ServiceTerraform | None = None):
        self.store, self.terraform = store, terraform or ServiceTerraform(planned=PLANNED, moves=False)
        self.now = NOW
        known = {record.key: record} | store.records
        self.world = fake_world(
            platform(), *known.values(), store=store, terraform=self.terraform, now=lambda: self.now
        )
        self.control = EngineControl(FakeController(self.world))

    @property
    def record(self) -> Record:
        """Return the record of the service."""
        return self.world.records[ORDERS]

    async def entries(self, wanted: AuditFilter | None = None) -> Sequence[AuditEntry]:
        """Return the entries, the oldest first."""
        return (await self.control.audit(wanted or AuditFilter(), limit=1000))[::-1]

    async def approve(self) -> AuditEntry:
        """Plan the service and approve the plan. Returns the entry."""
        await reconcile(ORDERS, self.world)
        assert self.record.plan is not None
        await self.control.act(ORDERS, Approve(self.record.plan.digest), by=ANN, reason="read it", peer="10.0.0.7")
        return (await self.entries())[-1]
