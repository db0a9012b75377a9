"""A case is one call of AWS's API on something that Terraform manages, and what is to be found of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.local.standin import StandIn
from desired_state.instance import Key

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
Expected = Any
"""A value, or a function that says whether it is the right one."""


@dataclass(frozen=True)
class Case:
    """One change by hand. `attribute` None: the whole resource is meant."""

    name: str
    instance: Key
    do: Callable[[StandIn], object]
    address: str
    change: str
    attribute: str | None = None
    old: Expected = None
    new: Expected = None


def holds(text: str) -> Callable[[Any], bool]:
    """The value's JSON contains this."""
    return lambda value: text in json.dumps(value)


def lacks(text: str) -> Callable[[Any], bool]:
    """The value's JSON does not contain this."""
    return lambda value: text not in json.dumps(value)
