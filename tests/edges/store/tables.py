"""Tables like the one that `deploy/ecs` creates."""

from contextlib import suppress

from deploy.local.standin import StandIn
from reconciler.edges.store.dynamodb import KEYS


def make_table(aws: StandIn, name: str, *, keys: tuple[tuple[str, str], ...] = KEYS) -> None:
    """Create the table unless it exists."""
    client = aws.client("dynamodb")
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": attribute, "KeyType": kind} for attribute, kind in keys],
            AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute, _ in keys],
        )
