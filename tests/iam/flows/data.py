"""Requests of a service's code for its data: those of each level of access, with the keys that their page documents.

`{name}` stands for the name of a resource without its environment. KMS sees the keys that `through` gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deploy.local.iam import Request, role_session
from tests.iam.flows.flow import DOCS, Context, arn, role, through
from tests.terraform.inputs import ACCOUNT, KEY

REFERENCE = f"{DOCS}service-authorization/latest/reference/list_"
CLUSTER = "develop-events/0a1b2c3d-0000-1111-2222-333344445555-1"  # the id at its end is AWS's own
DATA_KEY = f"{KEY}6"


@dataclass(frozen=True, slots=True)
class Ask:
    """Actions on one resource, and the condition keys that come with them."""

    actions: str
    resource: str
    context: Context = field(default_factory=dict)

    def requests(self, name: str, environment: str) -> Iterator[Request]:
        """Yield the requests of the code of `orders` for the resource of this name in an environment."""

        def meant(text: str) -> str:
            return text.replace("{name}", name).replace("develop", environment)

        keys = {key: meant(value) for key, value in self.context.items() if isinstance(value, str)}
        asking = role_session(role("develop-orders-task"))
        for action in self.actions.split():
            yield Request(action, meant(self.resource), asking, keys, resource_account=ACCOUNT)


@dataclass(frozen=True, slots=True)
class Data:
    """The requests of one service: those of every level, of reading and of writing, and the page that documents them.

    `name` is the one that the manifest of `orders` has, `asked` the one in the requests where that is another."""

    page: str
    name: str
    every: tuple[Ask, ...] = ()
    read: tuple[Ask, ...] = ()
    write: tuple[Ask, ...] = ()
    asked: str = ""

    def of(self, access: str) -> tuple[Ask, ...]:
        """Return the requests of a level of access."""
        return (*self.every, *(self.read if "read" in access else ()), *(self.write if "write" in access else ()))


def in_kafka(kind: str, name: str) -> str:
    return arn("kafka", f"{kind}/{CLUSTER}{name}")


def _key_of(name: str) -> Context:
    return {**through("s3"), "kms:ResourceAliases": f"alias/develop-{name}"}


OBJECT, TABLE, PARAMETER = "arn:aws:s3:::develop-{name}/a/b", "table/develop-{name}", "parameter/develop/{name}"
DATA: Mapping[str, Data] = {
    "s3": Data(
        f"{DOCS}AmazonS3/latest/userguide/using-with-s3-policy-actions.html",
        "orders-uploads",
        read=(Ask("s3:ListBucket", "arn:aws:s3:::develop-{name}"), Ask("s3:GetObject", OBJECT)),
        write=(Ask("s3:PutObject s3:DeleteObject s3:AbortMultipartUpload", OBJECT),),
    ),
    "dynamodb": Data(
        f"{REFERENCE}amazondynamodb.html",
        "orders-carts",
        # A transaction checks items that it does not write.
        every=(Ask("dynamodb:DescribeTable dynamodb:ConditionCheckItem", arn("dynamodb", TABLE)),),
        read=(
            Ask("dynamodb:GetItem dynamodb:BatchGetItem dynamodb:Query dynamodb:Scan", arn("dynamodb", TABLE)),
            Ask("dynamodb:Query dynamodb:Scan", arn("dynamodb", f"{TABLE}/index/by-day")),
        ),
        write=(
            Ask(
                "dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:BatchWriteItem",
                arn("dynamodb", TABLE),
            ),
        ),
    ),
    "sqs": Data(
        f"{REFERENCE}amazonsqs.html",
        "orders-inbox",
        every=(Ask("sqs:GetQueueUrl sqs:GetQueueAttributes", arn("sqs", "develop-{name}")),),
        read=(Ask("sqs:ReceiveMessage sqs:DeleteMessage sqs:ChangeMessageVisibility", arn("sqs", "develop-{name}")),),
        write=(Ask("sqs:SendMessage", arn("sqs", "develop-{name}")),),
    ),
    "sns": Data(f"{REFERENCE}amazonsns.html", "orders-news", write=(Ask("sns:Publish", arn("sns", "develop-{name}")),)),
    "events": Data(
        f"{REFERENCE}amazoneventbridge.html",
        "orders-bus",
        write=(Ask("events:PutEvents", arn("events", "event-bus/develop-{name}")),),
    ),
    "kafka": Data(
        f"{DOCS}msk/latest/developerguide/kafka-actions.html",
        "events/orders.created",
        every=(
            Ask("kafka-cluster:Connect kafka-cluster:DescribeCluster", in_kafka("cluster", "")),
            Ask("kafka-cluster:DescribeTopic", in_kafka("topic", "/{name}.created")),
        ),
        read=(
            Ask("kafka-cluster:ReadData", in_kafka("topic", "/{name}.created")),
            Ask("kafka-cluster:AlterGroup kafka-cluster:DescribeGroup", in_kafka("group", "/{name}")),
            Ask("kafka-cluster:AlterGroup kafka-cluster:DescribeGroup", in_kafka("group", "/{name}-night")),
        ),
        write=(
            Ask("kafka-cluster:WriteData", in_kafka("topic", "/{name}.created")),
            Ask("kafka-cluster:WriteDataIdempotently", in_kafka("cluster", "")),
            *(
                Ask("kafka-cluster:AlterTransactionalId kafka-cluster:DescribeTransactionalId", in_kafka(kind, name))
                for kind in ["transactional-id"]
                for name in ("/{name}", "/{name}-0")
            ),
        ),
        asked="orders",
    ),
    "secrets": Data(
        f"{REFERENCE}awssecretsmanager.html",
        "orders/key",
        read=(Ask("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:{name}-AbCdEf")),),
    ),
    "ssm": Data(
        f"{DOCS}systems-manager/latest/userguide/sysman-paramstore-access.html",
        "orders/*",
        read=(
            Ask("ssm:GetParameter ssm:GetParameters", arn("ssm", f"{PARAMETER}/flags")),
            Ask("ssm:GetParametersByPath", arn("ssm", PARAMETER)),
            Ask("ssm:GetParametersByPath", arn("ssm", f"{PARAMETER}/flags")),
        ),
        asked="orders",
    ),
    "kms": Data(
        f"{DOCS}AmazonS3/latest/userguide/UsingKMSEncryption.html",
        "orders-data",
        every=(Ask("kms:Decrypt kms:DescribeKey", DATA_KEY, _key_of("{name}")),),
        write=(
            Ask(
                "kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo",
                DATA_KEY,
                _key_of("{name}"),
            ),
        ),
    ),
    "service": Data(
        f"{REFERENCE}awscloudmap.html",
        "orders-ledger",
        read=tuple(
            Ask(
                "servicediscovery:DiscoverInstances",
                arn("servicediscovery", resource),
                {
                    "servicediscovery:NamespaceName": "develop.internal",
                    "servicediscovery:ServiceName": "{name}",
                },
            )
            for resource in ("namespace/ns-0123456789abcdef", "service/srv-1")
        ),
    ),
    "telemetry": Data(
        f"{DOCS}xray/latest/devguide/security_iam_id-based-policy-examples.html",
        "",
        write=(
            Ask("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "develop/{name}"}),
            Ask("logs:DescribeLogStreams", arn("logs", "log-group:/ecs/develop/{name}")),
            Ask("logs:CreateLogStream logs:PutLogEvents", arn("logs", "log-group:/ecs/develop/{name}:log-stream:x")),
        ),
        asked="orders",
    ),
}
# Of traces, AWS knows no owner: whoever may send some, may send them for anyone.
TRACES = Ask(
    "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets "
    "xray:GetSamplingStatisticSummaries",
    "*",
)
