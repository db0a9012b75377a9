"""Where the states are: the S3 backend's configuration of one instance.

The file is HCL, so every value is quoted as a literal and one that could be a template is refused. Locks are kept twice
while Terraform moves from DynamoDB to S3's own (`use_lockfile`), which the roots' backend block switches on.
"""

from dataclasses import dataclass

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.edges.literal import quote


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


def backend(settings: StateSettings, key: Key, environment: Environment) -> str:
    """The text of the backend's configuration file. Raises: ValueError for a value that is not plain text."""
    values: dict[str, str | bool | None] = {
        "bucket": settings.bucket_in(environment),
        "key": settings.object_key(key),
        "region": environment.region,
        "encrypt": True,
        "use_lockfile": True,
        "dynamodb_table": settings.lock_table,
        "kms_key_id": settings.kms_key_id,
    }
    if environment.endpoint:
        values |= dict.fromkeys(("use_path_style", "skip_credentials_validation", "skip_metadata_api_check"), True)
        values["skip_requesting_account_id"] = True
    lines = [f"{name} = {_literal(value)}" for name, value in values.items() if value is not None]
    if environment.role:
        lines.append(f'assume_role = {{ role_arn = {quote(environment.role)}, session_name = "reconciler" }}')
    return "\n".join([*lines, ""])


def _in_place(name: str, environment: Environment) -> str:
    return name.replace("{account}", environment.account).replace("{region}", environment.region)


def _literal(value: str | bool) -> str:
    return quote(value) if isinstance(value, str) else str(value).lower()
