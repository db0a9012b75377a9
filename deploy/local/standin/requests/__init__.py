"""Requests as AWS reads them: parameters by botocore's service models, and the refusal of those that break a model.

`read` turns the wire form (query, ec2, json, rest-json, rest-xml) into parameters, `check` compares them with what the
model requires. Nothing here knows moto's state; what AWS refuses because of its state is in `patches/`.
"""

from deploy.local.standin.requests.check import Refusal, check
from deploy.local.standin.requests.reading import Reading, read

__all__ = ["Reading", "Refusal", "check", "read"]
