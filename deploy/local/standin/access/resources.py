"""The resources of a call: ARNs in its parameters, or ARNs put together from the names in them.

What does not exist yet has no id, and AWS checks `*` in its place. An action with several types of resources concerns
all of them in EC2, and elsewhere any of them: an application's listener or a network's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.iam.models import iam_backends

from deploy.local.standin.access.reference import PLACEHOLDER, ResourceType
from deploy.local.standin.guards import Place

# Parameters that carry a name of an ARN, where they do not have its name.
NAMED: Mapping[str, tuple[str, ...]] = {
    "AlarmName": ("AlarmName", "AlarmNames"),
    "Alias": ("AliasName",),
    "BucketName": ("Bucket",),
    "ClusterName": ("cluster", "clusterName", "clusters"),
    "LoadBalancerName": ("Name",),
    "LogGroupName": ("logGroupName", "logGroupNamePrefix"),
    "ObjectName": ("Key",),
    "ParameterNameWithoutLeadingSlash": ("Name", "Names", "ResourceId", "Path"),
    "PipelineName": ("name", "pipelineName"),
    "PolicyNameWithPath": ("PolicyName",),
    "ProjectName": ("name", "names", "projectName"),
    "QueueName": ("QueueUrl",),
    "RepositoryName": ("repositoryName", "repositoryNames"),
    "RoleNameWithPath": ("RoleName",),
    "SecretId": ("SecretId", "Name"),
    "SecurityGroupId": ("GroupId",),
    "ServiceName": ("service", "serviceName", "services"),
    "TargetGroupName": ("Name",),
    "TaskDefinitionFamilyName": ("taskDefinition", "family"),
    "TaskId": ("task", "tasks"),
    "TopicName": ("Name",),
}
UNKNOWN = "*"
# The structure of a request in which its names are, or the list of such structures.
WITHIN: Mapping[str, str] = {"codepipeline": "pipeline", "events": "Entries"}
# Scopes of WAF, as they stand in an ARN.
SCOPES: Mapping[str, str] = {"REGIONAL": "regional", "CLOUDFRONT": "global"}

# docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html: the beginning of an id names its type.
EC2_IDS: Mapping[str, str] = {
    "acl": "network-acl",
    "dopt": "dhcp-options",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}


def resources_of(service: str, types: Iterable[ResourceType], parameters: Mapping[str, Any], place: Place) -> list[str]:
    """Return the ARNs that a call concerns, `*` for an action that knows no resource."""
    listed = _meant(service, types, parameters)
    if not listed:
        return [UNKNOWN]
    if service == "ec2" and "Resources" in parameters:
        return [_of_id(str(each), place) for each in parameters["Resources"]]
    given = list(_arns(parameters))
    parameters = _within(service, parameters)
    named = [arn for each in listed for arn in given if each.matches(arn)]
    if named and service != "ec2":
        return named
    built = [arn for each in listed for arn in _built(each, parameters, place)]
    known = [arn for arn in built if UNKNOWN not in arn]
    required = [arn for each in listed if each.required for arn in _built(each, parameters, place)]
    found = known or required or built or [UNKNOWN]
    # A policy may name a log group with or without what is in it; AWS compares both.
    return [*found, *(f"{arn}:*" for arn in found)] if service == "logs" else found


def _meant(service: str, types: Iterable[ResourceType], parameters: Mapping[str, Any]) -> list[ResourceType]:
    """Return the types of an action; of those that it may concern, a request for tags in Systems Manager names one."""
    named = str(parameters.get("ResourceType", "")).lower() if service == "ssm" else ""
    return [each for each in types if not named or each.name == named]


def _within(service: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = parameters.get(WITHIN.get(service, ""))
    if isinstance(inner, list):
        names = {name for each in inner for name in each}
        return {name: [each[name] for each in inner if name in each] for name in names}
    return inner if isinstance(inner, Mapping) else parameters


def _of_id(given: str, place: Place) -> str:
    """Return the ARN of what is tagged in EC2: CreateTags and DeleteTags take ids of any type."""
    kind = EC2_IDS.get(given.partition("-")[0], UNKNOWN)
    return f"arn:aws:ec2:{place.region}:{place.account}:{kind}/{given}"


def _built(kind: ResourceType, parameters: Mapping[str, Any], place: Place) -> list[str]:
    values = {"Partition": ["aws"], "Region": [place.region], "Account": [place.account]}
    values |= {name: _values(name, parameters, place) for name in kind.placeholders}
    many = max((len(each) for each in values.values()), default=1)
    arns = []
    for number in range(many):
        chosen = {name: each[min(number, len(each) - 1)] for name, each in values.items()}
        arns.append(PLACEHOLDER.sub(lambda match, chosen=chosen: chosen[match[1]], kind.arn))  # type: ignore[misc]
    return arns


def _values(placeholder: str, parameters: Mapping[str, Any], place: Place) -> list[str]:
    for name in (*NAMED.get(placeholder, ()), placeholder, placeholder[:1].lower() + placeholder[1:]):
        value = parameters.get(name)
        if value:
            listed = value if isinstance(value, list) else [value]
            return [_name(placeholder, str(each), place) for each in listed]
    if placeholder == "ClusterName" and {"service", "services", "serviceName"} & parameters.keys():
        return ["default"]
    return [UNKNOWN]


def _name(placeholder: str, value: str, place: Place) -> str:
    """Return what stands in an ARN for a name or ARN: ids of secrets end with six characters, roles have a path."""
    if placeholder == "RoleNameWithPath":
        roles = iam_backends[place.account]["aws"].roles.values()
        return next((f"{role.path}{role.name}".strip("/") for role in roles if role.name == value), value)
    if placeholder == "SecretId":
        return value.rpartition(":secret:")[2] if value.startswith("arn:") else f"{value}-??????"
    if placeholder == "Alias":
        return value.removeprefix("alias/")
    if placeholder == "QueueName":
        return value.rpartition("/")[2]
    if placeholder == "Scope":
        return SCOPES.get(value, value)
    if placeholder == "ParameterNameWithoutLeadingSlash":
        return value.removeprefix("/")
    return value.rpartition("/")[2] if value.startswith("arn:") else value


def _arns(value: Any) -> Iterator[str]:
    """Yield every ARN among the values of a request."""
    match value:
        case str() if value.startswith("arn:"):
            yield value
        case Mapping():
            for each in value.values():
                yield from _arns(each)
        case list():
            for each in value:
                yield from _arns(each)
