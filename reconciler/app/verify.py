"""`reconciler verify`: read a live account, then let the pure checks speak."""

from reconciler.config import Settings
from reconciler.core import verification
from reconciler.edges.aws.account import read_account
from reconciler.edges.aws.clients import AwsClients


async def verify(settings: Settings, name: str) -> tuple[verification.Violation, ...]:
    """What of the requirements one environment does not hold. Raises: ConfigFailed, AwsFailed."""
    environment = settings.environment(name)
    clients = AwsClients()
    try:
        account = await read_account(clients, environment)
    finally:
        clients.close()
    return verification.verify(account, environment=environment.name, tier=environment.tier)
