"""`reconciler verify`: read a live account, then let the pure checks speak."""

from reconciler.config.models import Settings
from reconciler.core.verification.finding import Violation
from reconciler.core.verification.verify import verify as check_account
from reconciler.edges.aws.account.reader import read_account
from reconciler.edges.aws.clients import AwsClients


async def verify(settings: Settings, name: str) -> tuple[Violation, ...]:
    """What of the requirements one environment does not hold. Raises: ConfigFailed, AwsFailed."""
    environment = settings.environment(name)
    clients = AwsClients()
    try:
        account = await read_account(clients, environment)
    finally:
        clients.close()
    return check_account(account, environment=environment.name, tier=environment.tier)
