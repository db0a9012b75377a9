"""Calls of boto3 for the data of a service: `orders` has the permissions, `payments` is another team's."""

from __future__ import annotations

from typing import Any

from deploy.local.standin import StandIn
from tests.terraform.inputs import ACCOUNT, REGION

PARTS = f"{REGION}:{ACCOUNT}"
CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "writes an object": ("s3", "put_object", {"Bucket": "develop-{}-uploads", "Key": "a", "Body": b"x"}),
    "reads an object": ("s3", "get_object", {"Bucket": "develop-{}-uploads", "Key": "a"}),
    "lists objects": ("s3", "list_objects_v2", {"Bucket": "develop-{}-uploads"}),
    "deletes an object": ("s3", "delete_object", {"Bucket": "develop-{}-uploads", "Key": "a"}),
    "writes an item": ("dynamodb", "put_item", {"TableName": "develop-{}-carts", "Item": {"id": {"S": "a"}}}),
    "reads an item": ("dynamodb", "get_item", {"TableName": "develop-{}-carts", "Key": {"id": {"S": "a"}}}),
    "reads a table": ("dynamodb", "scan", {"TableName": "develop-{}-carts"}),
    "finds a queue": ("sqs", "get_queue_url", {"QueueName": "develop-{}-inbox"}),
    "sends a message": ("sqs", "send_message", {"QueueUrl": "<queues>/develop-{}-inbox", "MessageBody": "x"}),
    "receives messages": ("sqs", "receive_message", {"QueueUrl": "<queues>/develop-{}-inbox"}),
    "publishes": ("sns", "publish", {"TopicArn": f"arn:aws:sns:{PARTS}:develop-{{}}-news", "Message": "x"}),
    "puts events": (
        "events",
        "put_events",
        {"Entries": [{"EventBusName": "develop-{}-bus", "Source": "a", "DetailType": "b", "Detail": "[]"}]},
    ),
    "reads a parameter": ("ssm", "get_parameter", {"Name": "/develop/{}/flags"}),
    "reads parameters": ("ssm", "get_parameters", {"Names": ["/develop/{}/flags"]}),
    "lists parameters": ("ssm", "get_parameters_by_path", {"Path": "/develop/{}"}),
    "reads a secret": ("secretsmanager", "get_secret_value", {"SecretId": "{}/key"}),
    "sends metrics": (
        "cloudwatch",
        "put_metric_data",
        {"Namespace": "develop/{}", "MetricData": [{"MetricName": "x", "Value": 1}]},
    ),
}


def of(team: str, value: Any, stand_in: StandIn) -> Any:
    """Return the parameters of a call with the names of a team's resources."""
    match value:
        case str():
            return value.replace("{}", team).replace("<queues>", f"{stand_in.endpoint}/{ACCOUNT}")
        case dict():
            return {name: of(team, each, stand_in) for name, each in value.items()}
        case list():
            return [of(team, each, stand_in) for each in value]
    return value


def make_data(stand_in: StandIn) -> None:
    """Make the data of both teams in develop."""
    for team in ("orders", "payments"):
        stand_in.client("s3").create_bucket(
            Bucket=f"develop-{team}-uploads", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        stand_in.client("dynamodb").create_table(
            TableName=f"develop-{team}-carts",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        stand_in.client("sqs").create_queue(QueueName=f"develop-{team}-inbox")
        stand_in.client("sns").create_topic(Name=f"develop-{team}-news")
        stand_in.client("events").create_event_bus(Name=f"develop-{team}-bus")
        stand_in.client("ssm").put_parameter(Name=f"/develop/{team}/flags", Value="x", Type="String")
        stand_in.client("secretsmanager").create_secret(Name=f"{team}/key", SecretString="x")
