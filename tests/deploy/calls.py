"""Which operations of AWS the daemon's own code calls, read from the code, and which IAM action each one needs.

Every call goes through `AwsClients.call(place, "service", "operation", …)` with both names written out; a call that
hides a name is an error here. A place called `home` is the daemon's own account, any other one is an environment.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

PROJECT = Path(__file__).resolve().parents[2]
PRODUCT = PROJECT / "reconciler"

# Where the action has another name than the operation. Source: the service authorization reference of S3.
RENAMED = {
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
}

# What no call in the code shows, with the reason, and where the reason can be seen.
OF_THE_TASK = {
    "sts:AssumeRole": (
        "an environment is called as its role",
        "reconciler/edges/aws/clients.py",
        "AssumeRoleCredentialFetcher",
    ),
    "ecs:UpdateTaskProtection": (
        "the agent calls it with the task's role",
        "reconciler/edges/aws/task_protection.py",
        "task-protection/v1/state",
    ),
    "s3:ListBucket": ("a missing tree is 404 and not 403", "reconciler/edges/store/s3.py", '_MISSING = "NoSuchKey"'),
}
# S3 and DynamoDB use a key on behalf of their callers. This is what DynamoDB's developer guide lists for them
# ("Authorizing use of your customer managed key"; who makes the table makes the grant); S3 and the backend need less.
KEY_IN_USE = {
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"),
    *("kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
}
# Terraform's S3 backend, not our code: developer.hashicorp.com/terraform/language/backend/s3, "Permissions Required",
# for `use_lockfile` and `dynamodb_table`; and the key of bucket and table.
OF_THE_BACKEND = {
    *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
    *("dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"),
    *KEY_IN_USE,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One place in the code that calls AWS."""

    where: str
    own: bool
    service: str
    operation: str

    @property
    def action(self) -> str:
        return action(self.service, _operations(self.service)[self.operation])


def action(service: str, operation: str) -> str:
    """The IAM action of an operation by AWS's name for it."""
    name = f"{_model(service).signing_name}:{operation}"
    return RENAMED.get(name, name)


def calls() -> list[Call]:
    """Return every call in the edges, but those of `reconciler verify`, which runs as the operator."""
    edges = PRODUCT / "edges"
    files = [file for file in sorted(edges.rglob("*.py")) if not file.is_relative_to(edges / "aws/account")]
    return [call for file in files for call in calls_in(file.read_text(), str(file.relative_to(edges)))]


def calls_in(source: str, file: str) -> Iterator[Call]:
    """The calls in one file. Raises: ValueError for one whose operation cannot be read from it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call":
            where = f"{file}:{node.lineno}"
            place, *names = node.args
            texts = [name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)]
            if len(texts) != 2 or len(names) != 2:
                raise ValueError(f"{where}: write service and operation out, so that permissions can be derived")
            yield Call(where, ast.unparse(place) in {"self._home", "home"}, texts[0], texts[1])


def importers(package: str) -> set[str]:
    """The files of the product that import a package."""
    found = set()
    for file in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == package for name in names):
                found.add(str(file.relative_to(PRODUCT)))
    return found


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in _model(service).operation_names}
