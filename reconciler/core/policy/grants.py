"""Grants of policy documents: to everyone, and of everything.

A condition narrows a grant to everyone only if the request must carry its key, the caller cannot choose the key's
value, and each allowed value names an account, an organisation or a network. Source: IAM user guide, "AWS global
condition context keys" and "IAM JSON policy elements: Condition operators"; S3 user guide, "The meaning of public".
"""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from reconciler.core.plan.model import UNKNOWN

Statement = Mapping[str, Any]

# Wider than any network that one organisation owns: two halves of the internet are the internet.
WIDEST: Final = {4: 8, 6: 16}
_ACCOUNT = re.compile(r"\d{12}")
_ARN = re.compile(r"arn:[^:*?]+:[^:*?]+:[^:]*:(\d{12}):.+")
_BUCKET = re.compile(r"arn:[^:*?]+:s3:::[^*?/]+.*")
_NARROW: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(("aws:sourcearn", "aws:principalarn"), re.compile(f"{_ARN.pattern}|{_BUCKET.pattern}")),
    **dict.fromkeys(
        (
            "aws:sourceaccount",
            "aws:sourceowner",
            "aws:principalaccount",
            "kms:calleraccount",
            "s3:dataaccesspointaccount",
        ),
        _ACCOUNT,
    ),
    **dict.fromkeys(("aws:principalorgid", "aws:sourceorgid"), re.compile(r"o-[a-z0-9]+")),
    **dict.fromkeys(("aws:principalorgpaths", "aws:sourceorgpaths"), re.compile(r"o-[a-z0-9]+/.*")),
    "aws:sourcevpc": re.compile(r"vpc-[0-9a-f]+"),
    "aws:sourcevpce": re.compile(r"vpce-[0-9a-f]+"),
}
_POSITIVE = re.compile(r"(?:foranyvalue:)?(?:string(?:equals|equalsignorecase|like)|arn(?:equals|like))")
_ADDRESSES: Final = "ipaddress"
# Issuers that give tokens to anyone's workload: a trust says whose, in `sub` (or `aud`, of an identity pool).
_SHARED_ISSUERS: Final = (
    "token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io", "cognito-identity.amazonaws.com",
    "accounts.google.com", "graph.facebook.com", "www.amazon.com", "*",
)  # fmt: skip
_OF_IAM: Final = ("iam:attachrolepolicy", "iam:createaccesskey")
_RESOURCES_OF_IAM: Final = ("arn:aws:iam::111122223333:role/x", "arn:aws:iam::111122223333:user/x")


def statements(policy: Any) -> Iterator[Statement]:
    """Yield the statements of a policy document in JSON that allow something."""
    try:
        found = json.loads(policy) if isinstance(policy, str) and policy != UNKNOWN else {}
    except ValueError:
        return
    listed = found.get("Statement", []) if isinstance(found, Mapping) else []
    for statement in listed if isinstance(listed, list) else [listed]:
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow":
            yield statement


def is_to_everyone(statement: Statement) -> bool:
    """Return whether a statement of a resource's policy allows callers of any account."""
    conditions = [(str(operator).lower(), key.lower(), values) for operator, key, values in _conditions(statement)]
    if any(_narrows(*condition) for condition in conditions):
        return False
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    named = principal if isinstance(principal, Mapping) else {"AWS": principal}
    if "*" in {who for kind in ("AWS", "*") for who in _listed(named.get(kind))}:
        return True
    shared = [who for who in _listed(named.get("Federated")) if str(who).endswith(_SHARED_ISSUERS)]
    return bool(shared) and not any(_names_workload(*condition) for condition in conditions)


def is_of_everything(statement: Statement) -> bool:
    """Return whether a statement of an identity's policy allows all of IAM, and with it everything."""
    if "NotAction" in statement:
        left_out = _texts(statement["NotAction"])
        has_actions = not all(any(fnmatchcase(action, pattern) for pattern in left_out) for action in _OF_IAM)
    else:
        allowed = _texts(statement.get("Action"))
        has_actions = all(any(fnmatchcase(action, pattern) for pattern in allowed) for action in _OF_IAM)
    if "NotResource" in statement:
        return has_actions
    resources = [str(one) for one in _listed(statement.get("Resource"))]
    return has_actions and all(any(fnmatchcase(arn, one) for one in resources) for arn in _RESOURCES_OF_IAM)


def is_narrow(key: str, value: Any) -> bool:
    """Return whether the value of a condition key names one account, organisation or network."""
    pattern = _NARROW.get(key.lower())
    return pattern is not None and isinstance(value, str) and pattern.fullmatch(value) is not None


def _narrows(operator: str, key: str, values: Any) -> bool:
    listed = _listed(values)
    if operator == _ADDRESSES and key in {"aws:sourceip", "aws:vpcsourceip"}:
        return bool(listed) and all(map(_is_network, listed))
    return bool(listed) and _POSITIVE.fullmatch(operator) is not None and all(is_narrow(key, each) for each in listed)


def _names_workload(operator: str, key: str, values: Any) -> bool:
    """Return whether a condition on a token says whose it must be, at least by how its subject begins."""
    names = key.endswith((":sub", "cognito-identity.amazonaws.com:aud", "accounts.google.com:aud", ":app_id"))
    begins = all(isinstance(each, str) and re.match(r"[^*?]{4}", each) for each in _listed(values))
    return names and begins and bool(_listed(values)) and _POSITIVE.fullmatch(operator) is not None


def _is_network(value: Any) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= WIDEST[network.version]


def _conditions(statement: Statement) -> Iterator[tuple[str, str, Any]]:
    found = statement.get("Condition")
    for operator, keys in found.items() if isinstance(found, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield str(operator), str(key), values


def _texts(value: Any) -> list[str]:
    return [str(one).lower() for one in _listed(value)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
