"""The permissions of a service's code in AWS: services, their resources by name, and levels of access.

A resource has its name without the environment, which Terraform puts in front of it (`orders-uploads` is
`prod-orders-uploads` in prod), or its ARN. Statements are made in terraform/modules/service/permissions.tf.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias, get_args

from pydantic import Field, ValidationInfo, field_validator

from desired_state.kinds.fields import Distinct, Strict, Text, refuse
from desired_state.located import quote

Service: TypeAlias = Literal[
    "s3", "dynamodb", "sqs", "sns", "events", "kafka", "secrets", "ssm", "kms", "service", "telemetry"
]
Access: TypeAlias = Literal["read", "write", "readwrite"]
# Through which of them KMS is asked, which is what `kms:ViaService` of its statements says.
ENCRYPTED: Final = ("s3", "dynamodb", "sqs", "sns", "secrets", "ssm")


@dataclass(frozen=True, slots=True)
class _Resource:
    """The resources of a service: the pattern of a name, what it is, and the pattern of an ARN where one may be given.

    A name may end in `*` where its pattern does."""

    name: str
    meaning: str
    arn: str | None = None


_END: Final = r"[A-Za-z0-9][A-Za-z0-9._/-]*\*?"
_REGIONAL: Final = r"[a-z0-9-]+:[0-9]{12}"
# Sources: Amazon S3 user guide, "General purpose bucket naming rules"; DynamoDB developer guide, "Naming rules"; SQS,
# SNS, EventBridge and Systems Manager API references, CreateQueue, CreateTopic, CreateEventBus, PutParameter; KMS API
# reference, CreateAlias; Apache Kafka, legal characters of topics.
_RESOURCES: Final[Mapping[str, _Resource]] = {
    "s3": _Resource(r"[a-z0-9][a-z0-9.-]{0,62}\*?", "a bucket", r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]*\*?"),
    "dynamodb": _Resource(
        r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\*?", "a table", rf"arn:aws[a-z-]*:dynamodb:{_REGIONAL}:table/{_END}"
    ),
    "sqs": _Resource(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}(?:\.fifo|\*)?", "a queue", rf"arn:aws[a-z-]*:sqs:{_REGIONAL}:{_END}"
    ),
    "sns": _Resource(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}(?:\.fifo|\*)?", "a topic", rf"arn:aws[a-z-]*:sns:{_REGIONAL}:{_END}"
    ),
    "events": _Resource(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,255}\*?", "an event bus", rf"arn:aws[a-z-]*:events:{_REGIONAL}:event-bus/{_END}"
    ),
    "kafka": _Resource(
        r"[A-Za-z0-9][A-Za-z0-9-]{0,63}/[A-Za-z0-9][A-Za-z0-9._-]{0,248}\*?",
        "a topic of a cluster, as in events/orders",
        r"arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}:topic/[A-Za-z0-9-]+/[A-Za-z0-9-]+/[A-Za-z0-9][A-Za-z0-9._-]*\*?",
    ),
    "secrets": _Resource(r"[A-Za-z0-9/_+=.@-]{1,512}(?<!-[A-Za-z0-9]{6})", "a secret in Secrets Manager"),
    "ssm": _Resource(
        r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*(?:/\*)?",
        "a parameter below the environment's path, as in orders/flags or orders/*",
    ),
    "kms": _Resource(
        r"[A-Za-z0-9][A-Za-z0-9/_-]{0,200}", "an alias of a key", rf"arn:aws[a-z-]*:kms:{_REGIONAL}:key/[A-Za-z0-9-]+"
    ),
    "service": _Resource(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", "a service"),
}
LEVELS: Final[Mapping[str, tuple[Access, ...]]] = {
    **dict.fromkeys(("s3", "dynamodb", "sqs", "kafka"), ("read", "write", "readwrite")),
    # Whoever writes encrypted data in parts reads it, too: there is no level that only encrypts.
    "kms": ("read", "readwrite"),
    **dict.fromkeys(("sns", "events", "telemetry"), ("write",)),
    **dict.fromkeys(("secrets", "ssm", "service"), ("read",)),
}
SERVICES: Final[tuple[str, ...]] = get_args(Service)


class Permission(Strict):
    """A permission of the code for resources of one AWS service; `access` may be left out where there is one level.

    `telemetry` has no resources: it is traces, metrics and logs of the service itself. `service` lets the code ask
    Cloud Map for the tasks of another service; to call them needs no permission.
    """

    service: Service
    resources: Annotated[
        tuple[Annotated[str, Field(max_length=2048)], ...], Field(max_length=20, validate_default=True), Distinct
    ] = ()
    access: Annotated[Access | None, Field(validate_default=True)] = None

    @field_validator("resources")
    @classmethod
    def _of_the_service(cls, resources: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        service = info.data.get("service")
        if service == "telemetry" and resources:
            raise refuse("telemetry is the service's own, without resources: remove them")
        if service is None or service == "telemetry":
            return resources
        found = _RESOURCES[service]
        if not resources:
            raise refuse(f"{service} needs resources: name {found.meaning}", beside=("service",))
        for index, resource in enumerate(resources):
            if not re.fullmatch(found.name, resource) and not (found.arn and re.fullmatch(found.arn, resource)):
                form = f"write the name of {found.meaning}, without its environment"
                raise refuse(
                    f"{quote(resource)} is no resource of {service}: {form}{', or its ARN' if found.arn else ''}",
                    inside=(index,),
                )
        return resources

    @field_validator("access")
    @classmethod
    def _level(cls, access: Access | None, info: ValidationInfo) -> Access | None:
        service = info.data.get("service")
        levels = LEVELS.get(service or "", ())
        if service and access is None and len(levels) > 1:
            raise refuse(f"{service} needs access: {_either(levels)}", beside=("service",))
        if service and access is not None and access not in levels:
            raise refuse(f'{service} has no access "{access}": the choices are {", ".join(levels)}')
        return access

    @property
    def level(self) -> Access:
        """The level of access: the one that is written, else the only one that the service has."""
        return self.access or LEVELS[self.service][0]


def through_kms(permissions: tuple[Permission, ...], info: ValidationInfo) -> tuple[Permission, ...]:
    """Validate that a permission for keys has another one beside it, through whose service the keys are used."""
    used = {one.service for one in permissions} | ({"secrets"} if info.data.get("runtime_secrets") else set())
    for index, one in enumerate(permissions):
        if one.service == "kms" and not used & set(ENCRYPTED):
            message = f"keys are used through another service: add the permission for {_either(ENCRYPTED)} beside it"
            raise refuse(message, inside=(index, "service"))
    return permissions


def is_arn(resource: str) -> bool:
    """Return whether a resource is written as an ARN and not as a name."""
    return resource.startswith("arn:")


def _either(words: tuple[str, ...]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


# Ten managed policies fit a role. Source: IAM user guide, "IAM and AWS STS quotas".
PolicyName = Annotated[str, Text(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", "the name of a policy in the configuration", 63)]
Permissions = Annotated[tuple[Permission, ...], Field(max_length=30)]
Policies = Annotated[tuple[PolicyName, ...], Field(max_length=10), Distinct]
