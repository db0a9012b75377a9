"""AWS operations that the daemon's code calls, read from the code, and the IAM action that each one needs.

Every call goes through `AwsClients.call(place, "service", "operation", …)` with both names as literals; any other form
is an error here. A place called `home` is the daemon's own account, any other place an environment.
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

# Actions whose name differs from the operation. Source: the service authorization reference of S3.
RENAMED = {
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
}

# Actions of the task role without a call in the code: the reason, and the file and text that prove it.
OF_THE_TASK = {
    "sts:AssumeRole": (
        "the daemon assumes the role of an environment",
        "reconciler/edges/aws/clients.py",
        "AssumeRoleCredentialFetcher",
    ),
    "ecs:UpdateTaskProtection": (
        "the ECS agent calls it with the task's role",
        "reconciler/edges/aws/task_protection.py",
        "task-protection/v1/state",
    ),
    "s3:ListBucket": ("a missing tree is 404, not 403", "reconciler/edges/store/s3.py", '_MISSING = "NoSuchKey"'),
}
# S3 and DynamoDB use a key on behalf of their callers. These are the actions that DynamoDB's developer guide lists for
# callers ("Authorizing use of your customer managed key"; the creator of the table creates the grant); S3 and the
# Terraform backend need fewer.
KEY_IN_USE = {
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"),
    *("kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
}
# Actions of Terraform's S3 backend: developer.hashicorp.com/terraform/language/backend/s3, "Permissions Required",
# for `use_lockfile` and `dynamodb_table`, and those of the key of bucket and table.
OF_THE_BACKEND = {
    *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
    *("dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"),
    *KEY_IN_USE,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of AWS in the code; `where` is file and line, `own` is True for the daemon's own account."""

    where: str
    own: bool
    service: str
    operation: str

    @property
    def action(self) -> str:
        return action(self.service, _operations(self.service)[self.operation])


def action(service: str, operation: str) -> str:
    """Return the IAM action of an operation, such as `ecs:RunTask`; the operation is AWS's name for it."""
    name = f"{_model(service).signing_name}:{operation}"
    return RENAMED.get(name, name)


def calls() -> list[Call]:
    """Return every call in the edges, except those of `reconciler verify`, whose role the user provides."""
    edges = PRODUCT / "edges"
    files = [file for file in sorted(edges.rglob("*.py")) if edges / "aws/account" not in file.parents]
    return [call for file in files for call in calls_in(file.read_text(), file.relative_to(edges).as_posix())]


def calls_in(source: str, file: str) -> Iterator[Call]:
    """Yield the calls in one file. Raises: ValueError for a call whose service or operation is not a literal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call":
            where = f"{file}:{node.lineno}"
            place, *names = node.args
            texts = [name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)]
            if len(texts) != 2 or len(names) != 2:
                raise ValueError(f"{where}: write service and operation as literals: permissions are derived from them")
            yield Call(where, ast.unparse(place) in {"self._home", "home"}, texts[0], texts[1])


def importers(package: str) -> set[str]:
    """Return the files of the product that import a package."""
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
