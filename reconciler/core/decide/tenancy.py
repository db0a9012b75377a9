"""The tenant of an instance at a visit: an accepted instance stays as it is once its tenant may no longer have it."""

from desired_state.tenants.grants import excess, strangeness
from desired_state.tenants.tenant import Tenants
from reconciler.core.record.model import Record


def tenant_of(record: Record, tenants: Tenants | None) -> str | None:
    """Return the tenant of an instance: the one in its record, else that of its path; None without tenants."""
    return (record.tenant or tenants.name_of(record.instance.path)) if tenants else None


def denial(record: Record, tenants: Tenants | None) -> str | None:
    """Return why the instance may not be planned, None if it may.

    A removed one is left to the guards of removals: its manifest is gone, and nothing new is asked for."""
    if tenants is None or record.removed:
        return None
    instance = record.instance
    tenant = tenants.by_name.get(tenant_of(record, tenants) or "")
    if tenant is None:
        whose = f"its tenant {record.tenant} is" if record.tenant else f"no tenant of {instance.path} is"
        return f"nothing is planned, and nothing is removed: {whose} not in the configuration"
    denials = [
        *strangeness(instance.key, instance.spec, instance.former, tenant, tenants),
        *excess(instance.key, instance.spec, instance.former, tenant, tenants),
    ]
    if not denials:
        return None
    return f"nothing is planned, and nothing is removed: {'; '.join(each.message for each in denials[:3])}"
