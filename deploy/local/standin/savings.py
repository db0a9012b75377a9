"""Caches of constant data that moto creates repeatedly; no answer changes.

Two exceptions, because nothing here asks for them: the stand-in has no AMIs, and AWS's own policies in the partition
`aws` alone.
"""

from __future__ import annotations

import os
from copy import copy
from functools import cache
from typing import Any

from moto.core import responses
from moto.core.utils import method_names_from_class
from moto.iam.models import IAMBackend

PARTITION = "aws"
_make_policies: Any = IAMBackend._init_aws_policies


def install() -> None:
    """Install the caches, for the rest of this process."""
    # Listed at each request, a fifth of its time; only patches change the methods of a response class.
    vars(responses)["method_names_from_class"] = cache(method_names_from_class)
    # Some 1,600 policies for each of six partitions, at the first call of an account and at each reset.
    IAMBackend._init_aws_policies = _aws_policies  # type: ignore[method-assign,assignment]
    # Some 600 for each region that is asked about EC2, with random ids of five kinds.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


def _aws_policies(backend: Any) -> list[Any]:
    """Return AWS's own policies as a new account has them: nothing is attached, and what it changes is its own."""
    if backend.region_name != PARTITION:
        return []
    return [_of_account(policy, backend.account_id) for policy in _policies()]


@cache
def _policies() -> tuple[Any, ...]:
    return tuple(_make_policies(_Account()))


class _Account:
    """The attributes of a backend that moto needs to create the policies."""

    account_id = ""
    region_name = PARTITION


def _of_account(policy: Any, account: str) -> Any:
    mine = copy(policy)
    mine.account_id, mine.tags, mine.versions = account, {}, [copy(version) for version in policy.versions]
    return mine
