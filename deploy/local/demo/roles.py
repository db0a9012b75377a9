"""The roles of the daemon in the demo: those that `deploy/ecs` and `deploy/ecs/target-account` make, and nothing else.

From `give` on the stand-in holds every call of the daemon and of Terraform to them, as AWS does. People's commands and
the evidence keep the stand-in's own key, which stands for an administrator.
"""

from pathlib import Path
from typing import Any

from deploy.local import ecs
from deploy.local.demo.stage import ACCOUNT, BUCKET, FLOOR, REGION, Stage
from deploy.local.workplace import ROOT

TASK_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler-task"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler"


def give(stage: Stage) -> None:
    """Apply both roots, give the daemon the credentials of its task, and enforce them. Raises: DeployFailed."""
    stage.container = _deploy(stage)
    _make_target_account(stage)
    stage.credentials = _credentials(stage)
    stage.write_settings(role=ROLE)
    stage.aws.configure(unseen_calls=1, enforce_roles=True)


def _deploy(stage: Stage) -> dict[str, str]:
    """Apply `deploy/ecs` and return the environment of the daemon's container, adapted to this machine."""
    environment = {"account": ACCOUNT, "region": REGION, "role": ROLE, "endpoint": stage.aws.endpoint}
    return ecs.deploy(
        stage.aws,
        stage.folder,
        manifests={"url": stage.repository},
        environments={
            "develop": environment | {"tier": "develop"},
            "prod": environment | {"tier": "prod", "floor": FLOOR},
        },
        settings={
            "RECONCILER__DATA": str(stage.disk),
            "RECONCILER__HTTP__HOST": "127.0.0.1",
            "RECONCILER__HTTP__PORT": str(stage.http_port),
            "RECONCILER__TERRAFORM__SOURCE__PATH": str(ROOT / "terraform"),
        },
    )


def _make_target_account(stage: Stage) -> None:
    source, folder = ecs.SOURCE / "target-account", Path(stage.folder, "target-account")
    key: dict[str, Any] = stage.aws.client("kms").describe_key(KeyId=f"alias/{BUCKET}")["KeyMetadata"]
    root = ecs.Root.copy(source, folder, stage.aws)
    root.plan(
        {
            "account": {"id": ACCOUNT, "region": REGION},
            "aws": {"s3_use_path_style": True},
            "daemon": {"role_arn": TASK_ROLE},
            "environments": ["develop", "prod"],
            "state": {"bucket": BUCKET, "kms_key_arn": key["Arn"]},
        }
    )
    root.apply()


def _credentials(stage: Stage) -> dict[str, str]:
    """Return the variables of a session of the task's role."""
    found: Any = stage.aws.session(role_arn=TASK_ROLE).get_credentials()
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return dict(zip(names, (found.access_key, found.secret_key, found.token), strict=True))
