"""Flows: the requests that a service makes for us, each by its principal, with the condition keys that its page names.

Every request travels by TLS. Nothing else comes with a request than what AWS documents, because a condition on a key
that is not there is a refusal, and most services drop what they were refused without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deploy.local.iam import Principal, Request, role_session, service
from tests.terraform.inputs import ACCOUNT, REGION

Context = Mapping[str, str | tuple[str, ...]]
NOTHING: Context = {}
DOCS = "https://docs.aws.amazon.com/"
OWNED = {"s3:x-amz-acl": "bucket-owner-full-control"}


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow: its title, the page of AWS that documents it, and its requests in their order."""

    title: str
    page: str
    requests: tuple[Request, ...] = field(repr=False)


def flow(title: str, page: str, *requests: Request | Iterator[Request]) -> Flow:
    """Return a flow; an iterator of requests stands for its requests."""
    flat = [one for each in requests for one in ((each,) if isinstance(each, Request) else each)]
    return Flow(title, DOCS + page, tuple(flat))


def arn(service_name: str, resource: str) -> str:
    """Return an ARN of the account and region of the tests."""
    return f"arn:aws:{service_name}:{REGION}:{ACCOUNT}:{resource}"


def role(name: str) -> str:
    """Return the ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def source(source_arn: str) -> Context:
    """Return both source keys, which name the resource that a service acts for."""
    return {"aws:SourceArn": source_arn, "aws:SourceAccount": ACCOUNT}


def through(service_name: str) -> Context:
    """Return the keys with which KMS sees a call that another service makes for a principal of this account."""
    return {"kms:ViaService": f"{service_name}.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}


def by_service(name: str, action: str, resource: str, *contexts: Context) -> Request:
    """Return a request that a service makes with its own name."""
    return _request(service(f"{name}.amazonaws.com"), action, resource, contexts)


def as_role(name: str, actions: str | list[str], resource: str, *contexts: Context) -> Iterator[Request]:
    """Yield requests of a role's session, one for each action."""
    for action in [actions] if isinstance(actions, str) else actions:
        yield _request(role_session(role(name)), action, resource, contexts)


def becomes(service_name: str, role_name: str, *contexts: Context) -> Request:
    """Return the request with which a service takes on a role."""
    return by_service(service_name, "sts:AssumeRole", role(role_name), *contexts)


def _request(principal: Principal, action: str, resource: str, contexts: tuple[Context, ...]) -> Request:
    merged: dict[str, str | tuple[str, ...]] = {"aws:SecureTransport": "true"}
    for context in contexts:
        merged |= context
    return Request(action, resource, principal, merged, resource_account=ACCOUNT)
