"""`reconciler verify`: read a live account, then run the pure checks of the requirements on it."""

from reconciler.app import parts
from reconciler.config.models import Settings
from reconciler.core.verification.finding import Violation
from reconciler.core.verification.verify import verify as check_account
from reconciler.edges.aws.account.reader import read_account
from reconciler.edges.aws.clients import AwsClients


async def verify(settings: Settings, name: str) -> tuple[Violation, ...]:
    """Return the violations of the requirements in one environment's account. Raises: ConfigFailed, AwsFailed."""
    environment, states = settings.environment(name), parts.state(settings)
    clients = AwsClients()
    try:
        account = await read_account(clients, environment, bucket=states.bucket_in(environment), prefix=states.prefix)
    finally:
        clients.close()
    listed = frozenset(arn.rpartition("/")[2] for _, arn in environment.policies)
    return check_account(account, environment=environment.name, tier=environment.tier, policies=listed)
