"""The location of the states and of their locks.

Locks are kept twice while Terraform changes from DynamoDB locks to S3's own (`use_lockfile`, which the backend's
configuration in `edges/terraform/hcl.py` sets).
"""

from dataclasses import dataclass

from desired_state.instance import Key
from reconciler.core.environment import Environment


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Buckets may contain `{account}` and `{region}`; `prefix` precedes `<environment>/<name>/terraform.tfstate`.

    `access_logs_bucket` and `registry_scanning` matter to the root `bootstrap` alone.
    """

    bucket: str = "reconciler-state-{account}-{region}"
    lock_table: str | None = "reconciler-locks"
    kms_key_id: str | None = None
    prefix: str = ""
    access_logs_bucket: str | None = None
    registry_scanning: str = "basic"

    def bucket_in(self, environment: Environment) -> str:
        """Return the bucket's name in that account and region."""
        return _in_place(self.bucket, environment)

    def access_logs_bucket_in(self, environment: Environment) -> str | None:
        """Return the name of the bucket for access logs; None without one."""
        return None if self.access_logs_bucket is None else _in_place(self.access_logs_bucket, environment)

    def object_key(self, key: Key) -> str:
        """Return the state's object key."""
        return f"{self.prefix}{key.environment}/{key.name}/terraform.tfstate"


def lock_key(settings: StateSettings, key: Key, environment: Environment) -> str:
    """Return the state's key in the lock table, `<bucket>/<object key>`."""
    return f"{settings.bucket_in(environment)}/{settings.object_key(key)}"


def _in_place(name: str, environment: Environment) -> str:
    return name.replace("{account}", environment.account).replace("{region}", environment.region)
