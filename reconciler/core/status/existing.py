"""AWS's own error within an error of Terraform's provider: its code, its message, and whether they say "it exists".

Only the code decides, never a word of the message. Where one code has several meanings, the message must be the one
that AWS documents for an existing resource. Sources: the errors that the API references of these services list for a
second create, and the formats of the AWS SDK for Go: version 2 writes `RequestID: …, api error Code: message` or
`RequestID: …, Code: message`, version 1 `Code: message status code: …`.
"""

import re
from dataclasses import dataclass
from typing import Final

_IN_V2: Final = re.compile(
    r"RequestID: ?[^\s,]*,(?: HostID: ?[^\s,]*,)? (?:api error )?(?P<code>[A-Z][\w.]*): ?(?P<message>.*)", re.DOTALL
)
_IN_V1: Final = re.compile(
    r"(?:^|[:,] )(?P<code>[A-Z][\w.]*): (?P<message>.*?)\s+status code: \d+, request id: ", re.DOTALL
)
_EXISTS: Final = re.compile(
    r"\w*AlreadyExists|BucketAlreadyOwnedByYou|InvalidGroup\.Duplicate|InvalidPermission\.Duplicate"
    r"|InvalidSubnet\.Conflict|QueueNameExists|ResourceExists|WAFDuplicateItem|PriorityInUse"
    r"|Duplicate(?:Listener|LoadBalancerName|TargetGroupName)"
)
_EXISTS_IF_SAID: Final = {
    "InvalidParameter": re.compile(r"Creation of service was not idempotent"),
    "ResourceInUse": re.compile(r"Table already exists"),
    "ResourceConflict": re.compile(r"Function already exist"),
    "InvalidChangeBatch": re.compile(r"but it already exists"),
}
# What the provider itself says when it looks before it creates: then AWS has given no code.
_PROVIDER_SAYS_SO: Final = re.compile(
    r"(?:ELBv2 (?:Target Group|Load Balancer)|Route in Route Table) \(.*\) already exists"
)


@dataclass(frozen=True, slots=True)
class AwsError:
    """An error as AWS gave it. `start` is its place in the text of the provider."""

    code: str
    message: str
    start: int


def aws_error(text: str) -> AwsError | None:
    """Return AWS's error in a text of the provider, or None if it has none."""
    found = _IN_V2.search(text) or _IN_V1.search(text)
    return AwsError(found["code"], found["message"], found.start("code")) if found else None


def exists_already(text: str) -> bool:
    """Return whether the provider's error on a create says that AWS has such a resource already."""
    error = aws_error(text)
    if error is None:
        return _PROVIDER_SAYS_SO.search(text) is not None
    code = re.sub(r"(?:Exception|Fault)$", "", error.code)
    said = _EXISTS_IF_SAID.get(code)
    return _EXISTS.fullmatch(code) is not None or (said is not None and said.search(error.message) is not None)
