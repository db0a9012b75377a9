"""Building blocks of AWS's published examples: a request, the policies that bear on it, and the answer of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.local.iam import Policies, Policy, Principal, Request, read, role_session, user

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ACCOUNT, OTHER = "111122223333", "444455556666"
USER = user(f"arn:aws:iam::{ACCOUNT}:user/exampleuser")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/examplerole"
SESSION = role_session(ROLE, "examplerolesessionname")
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
Context = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Example:
    """One decision that AWS publishes."""

    page: str
    request: Request
    policies: Policies
    allowed: bool


def policy(*statements: Mapping[str, Any]) -> Policy:
    """Return a policy of the current version."""
    return read({"Version": "2012-10-17", "Statement": [dict(each) for each in statements]})


def allow(action: str | Sequence[str] = "*", resource: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    """Return a statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | Sequence[str] = "*", resource: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    """Return a statement that denies."""
    return allow(action, resource, **more) | {"Effect": "Deny"}


def ask(action: str, resource: str, principal: Principal = USER, **context: str | tuple[str, ...]) -> Request:
    """Return a request; `__` in a keyword stands for the colon and `___` for the slash of a condition key."""
    keys = {key.replace("___", "/").replace("__", ":"): value for key, value in context.items()}
    return Request(action, resource, principal, keys)
