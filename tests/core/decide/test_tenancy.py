"""A tenant that may no longer have an instance holds up nobody else."""

from dataclasses import replace

from desired_state.tenants.tenant import Tenant, Tenants
from reconciler.core.decide.gate import Proceed, gate
from reconciler.core.decide.tenancy import denial
from reconciler.core.status.advance import first
from reconciler.core.status.events import PassHeld
from reconciler.core.vocabulary import Reason
from tests.core.instances import DEVELOP, NOW, PLATFORM, SERVICE, applied, fold, instance

ALL = Tenant("all", ("**",), ("develop",), kinds=("Service", "Platform"), names=("*",), tasks=5000, cpu=16384)


def test_an_instance_is_denied_by_its_own_tenant_only() -> None:
    record = first(instance(SERVICE), "c1", "all")
    other = Tenant("other", ("other/",), ("qa",))
    assert denial(record, None) is None
    assert denial(record, Tenants({"all": replace(ALL, environments=("qa",)), "other": other})) is not None
    assert "its tenant all is not in the configuration" in (denial(record, Tenants({"other": other})) or "")


def test_a_removed_instance_is_left_to_the_guards_of_removals() -> None:
    record = first(instance(SERVICE), "c1", "all").replace(removed=NOW)
    assert denial(record, Tenants({})) is None


def test_an_applied_dependency_that_is_denied_holds_up_nobody() -> None:
    platform = fold(applied(PLATFORM), PassHeld(Reason.TENANT_DENIED, "no"))
    behind = platform.replace(applied_source="sha256:0")
    record = first(instance(SERVICE), behind.accepted_commit)
    assert gate(record, {platform.key: behind, record.key: record}, DEVELOP) == Proceed()
    assert behind.reason is Reason.TENANT_DENIED
