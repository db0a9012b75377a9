"""The roles of the daemon on a stand-in: those that `deploy/ecs` and `deploy/ecs/target-account` plan, and no others.

Both roots are planned once in a test run, by the first worker that needs them, and made through the API in each
stand-in: an apply for each test file would take longer than most files. From `give` on the stand-in holds every call of
the daemon and of Terraform to them; tests that prepare or look at an account keep the stand-in's own key.
"""

from __future__ import annotations

import fcntl
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.local import ecs
from deploy.local.standin import StandIn
from tests.deploy.actions import needed_by
from tests.deploy.roots import Root
from tests.standins import AMPLE
from tests.terraform.plans import Plan, read_plan
from tests.terraform.warm import started

ACCOUNT = ecs.ACCOUNT
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler"
TASK_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler-task"
ENVIRONMENTS = ("develop", "prod")
# Names in the planned policies, each of which `give` replaces by one of the test's own.
BUCKET, LOCKS = "bucket-of-the-states", "table-of-the-locks"
RECORDS, KEPT = "table/reconciler", "s3:::reconciler-123456789012-eu-central-1"
_SHARED: list[Path] = []


@dataclass(frozen=True, slots=True)
class Role:
    """A planned role: its name, its trust policy, and its permissions by the name of the policy."""

    name: str
    trust: str
    policies: Mapping[str, str]


def share(folder: Path) -> None:
    """Keep the planned roles in `folder`, which all workers of the run have."""
    _SHARED[:] = [folder]


def give(
    aws: StandIn, *, bucket: str, locks: str, store: tuple[str, str] | None = None, own: Mapping[str, str] = {}
) -> dict[str, str]:
    """Make the roles, enforce them, and return the variables with the credentials of the daemon's task.

    `store`: the table and the bucket of the daemon's records. `own`: policies by name for roots that are not shipped,
    as `terraform.policies` of `deploy/ecs/target-account` adds them.
    """
    table, kept = store or ("reconciler", KEPT.removeprefix("s3:::"))
    names = {BUCKET: bucket, LOCKS: locks, RECORDS: f"table/{table}", KEPT: f"s3:::{kept}"}
    for role in planned(aws):
        more = {f"terraform-{name}": text for name, text in own.items()} if role.name == "reconciler" else {}
        _make(aws, role, names, more)
    aws.configure(quotas=AMPLE, enforce_roles=True)
    return credentials(aws)


def credentials(aws: StandIn) -> dict[str, str]:
    """Return the variables of a session of the task's role, which a container gets from ECS."""
    found: Any = aws.session(role_arn=TASK_ROLE).get_credentials()
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return dict(zip(names, (found.access_key, found.secret_key, found.token), strict=True))


def for_types(*types: str) -> str:
    """Return a policy for a root that is not shipped: what its resource types need, on everything."""
    statement = {"Effect": "Allow", "Action": sorted(needed_by(types)), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def bounded(aws: StandIn, platform: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of a platform with a boundary, which its root makes: without one no role may be made."""
    name = f"{platform['cluster']['name']}-boundary"
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    made = aws.client("iam").create_policy(PolicyName=name, PolicyDocument=policy)["Policy"]
    return {**platform, "permissions_boundary_arn": made["Arn"]}


def _make(aws: StandIn, role: Role, names: Mapping[str, str], more: Mapping[str, str]) -> None:
    """Make a role, or give one that is there the policies for these names.

    All policies are inline: IAM decides about attached ones in the same way, and these can be replaced by one call.
    """
    iam = aws.client("iam")
    try:
        iam.create_role(RoleName=role.name, AssumeRolePolicyDocument=role.trust)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
    for name, text in {**role.policies, **more}.items():
        for planned_name, given in names.items():
            text = text.replace(planned_name, given)
        iam.put_role_policy(RoleName=role.name, PolicyName=name, PolicyDocument=text)


@cache
def planned(aws: StandIn) -> tuple[Role, ...]:
    """Return the roles of the task and of the environments' account."""
    shared = _SHARED[0] if _SHARED else _own_folder()
    file = shared / "roles.json"
    with (shared / "roles.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            file.write_text(json.dumps(_plan(aws, shared / "roles")))
    return tuple(Role(**each) for each in json.loads(file.read_text()))


@cache
def _own_folder() -> Path:
    """Return the folder of a process that is no worker of a test run."""
    return Path(tempfile.mkdtemp(prefix="roles-"))


def _plan(aws: StandIn, folder: Path) -> list[dict[str, Any]]:
    folder.mkdir()
    with started(folder / "terraform") as warm:
        task = Root.copy(ecs.SOURCE, folder / "ecs", aws, warm=warm)
        environments = Root.copy(ecs.SOURCE / "target-account", folder / "target", aws, warm=warm)
        return [
            _role(read_plan(task.plan(_variables(aws), refresh=False)), "task"),
            _role(read_plan(environments.plan(_target(aws), refresh=False)), "this"),
        ]


def _role(plan: Plan, name: str) -> dict[str, Any]:
    (role,) = (one for one in plan.of("aws_iam_role") if one.name == name)
    inline = [one for one in plan.of("aws_iam_role_policy") if one.name == name]
    policies = {one.values["name"]: one.values["policy"] for one in (*inline, *plan.of("aws_iam_policy"))}
    return {"name": role.values["name"], "trust": role.values["assume_role_policy"], "policies": policies}


def _variables(aws: StandIn) -> dict[str, Any]:
    """Return the variables of `deploy/ecs`; what its plan only passes on is invented."""
    place = {"account": ACCOUNT, "region": aws.region, "role": ROLE}
    secret = f"arn:aws:secretsmanager:{aws.region}:{ACCOUNT}:secret:reconciler"
    return {
        "account": {"id": ACCOUNT, "region": aws.region},
        "network": {"vpc_id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]},
        "secrets": {name: f"{secret}/{name}-AbCdEf" for name in ecs.SECRETS},
        "manifests": {"url": "https://git.example/manifests.git"},
        "environments": {
            "develop": place | {"tier": "develop"},
            "prod": place | {"tier": "prod", "floor": {"mode": "approve"}},
        },
        "image": {"tag": "0.1.0"},
    }


def _target(aws: StandIn) -> dict[str, Any]:
    key = f"arn:aws:kms:{aws.region}:{ACCOUNT}:key/8f1c3f3e-0000-4000-8000-000000000001"
    return {
        "account": {"id": ACCOUNT, "region": aws.region},
        "daemon": {"role_arn": TASK_ROLE},
        "environments": list(ENVIRONMENTS),
        "state": {"bucket": BUCKET, "lock_table": LOCKS, "kms_key_arn": key},
    }
