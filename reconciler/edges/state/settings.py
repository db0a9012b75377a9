"""Where the states are: the S3 backend's configuration of one instance.

The file is HCL, so every value is quoted as a literal and one that could be a template is refused. Locks are kept twice
while Terraform moves from DynamoDB to S3's own (`use_lockfile`), which the roots' backend block switches on.
"""

from dataclasses import dataclass

from desired_state.instance import Key
from reconciler.core.environment import Environment


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Buckets may name `{account}` and `{region}`; `prefix` goes before `<environment>/<name>/terraform.tfstate`."""

    bucket: str = "reconciler-state-{account}-{region}"
    lock_table: str | None = "reconciler-locks"
    kms_key_id: str | None = None
    prefix: str = ""
    access_logs_bucket: str | None = None

    def bucket_in(self, environment: Environment) -> str:
        """The bucket's name in that account and region."""
        return _in_place(self.bucket, environment)

    def access_logs_bucket_in(self, environment: Environment) -> str | None:
        """The name of the bucket for its access logs, if there is one."""
        return None if self.access_logs_bucket is None else _in_place(self.access_logs_bucket, environment)

    def object_key(self, key: Key) -> str:
        """The state's object key."""
        return f"{self.prefix}{key.environment}/{key.name}/terraform.tfstate"


def lock_key(settings: StateSettings, key: Key, environment: Environment) -> str:
    """What the lock table calls the state."""
    return f"{settings.bucket_in(environment)}/{settings.object_key(key)}"


def _in_place(name: str, environment: Environment) -> str:
    return name.replace("{account}", environment.account).replace("{region}", environment.region)
