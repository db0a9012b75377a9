"""The variables of a platform's root."""

from typing import Any

from desired_state.kinds.platform import Peering, PlatformSpec


def platform_variables(spec: PlatformSpec) -> dict[str, Any]:
    """Return the variables that the manifest of a platform sets."""
    return {
        "tags": {"owner": spec.tags.owner, "cost_center": spec.tags.cost_center, "compliance": spec.tags.compliance},
        "network": {
            "cidr": str(spec.network.cidr),
            "availability_zones": list(spec.network.availability_zones),
            "nat": spec.network.nat,
            "peerings": {name: _peering(peering) for name, peering in spec.network.peerings.items()},
            "allow_prod_peering": spec.network.allow_prod_peering,
        },
        "alb": spec.alb.model_dump(mode="json", by_alias=False),
        "cluster": {"insights": spec.cluster.insights, "spot": spec.cluster.spot},
        "delivery": {"connection_arn": spec.delivery.connection_arn if spec.delivery else None},
        "subscribers": spec.subscribers.model_dump(mode="json", by_alias=False),
        "secrets": {name: secret.model_dump(mode="json", by_alias=False) for name, secret in spec.secrets.items()},
        "kafka": {
            "broker_security_group_id": spec.kafka.broker_security_group_id if spec.kafka else None,
            "broker_cidrs": list(spec.kafka.broker_cidrs) if spec.kafka else [],
        },
        "data_resources": list(spec.data_resources),
    }


def _peering(peering: Peering) -> dict[str, Any]:
    return {
        "vpc_id": peering.vpc_id,
        "connection_id": peering.connection_id,
        "cidr": peering.cidr,
        "account_id": peering.account,
        "accepted": peering.accepted,
        "callers": peering.callers,
    }
