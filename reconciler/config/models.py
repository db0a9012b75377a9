"""The settings of the daemon, section by section: what `reconciler.yaml` may say, and nothing else.

Every class is one section; every field's description is the sentence that `docs/operations.md` prints for it.
Relative paths are relative to the folder of the configuration file; `{data}` stands for the data folder.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from desired_state.explain import suggest
from desired_state.snapshot import EnvironmentFacts
from reconciler.config.values import (
    Account,
    Branch,
    BucketTemplate,
    Duration,
    Endpoint,
    EnvironmentName,
    Interval,
    KmsKey,
    Region,
    RoleArn,
    StatePrefix,
    TableName,
    Text,
    read_duration,
)
from reconciler.core.ports import Environment, Floor, Tier


class ConfigFailed(Exception):
    """The configuration cannot be used; every problem is one line that names its place, its key and what is allowed."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Section(BaseModel):
    """A part of the configuration: fixed once read, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Git(Section):
    """Where the manifests come from: a Git repository, or a folder on this machine."""

    url: Text | None = Field(None, description="The manifests repository: https, ssh, file or git, or a local path")
    branch: Branch = Field("main", description="The branch that is the truth")
    path: Text = Field(".", description="The folder of the repository that holds the manifests")
    directory: Path | None = Field(
        None, description="Watch this folder instead of a repository; a save takes effect without a commit"
    )
    interval: Interval = Field(read_duration("1m"), description="How often to fetch when nothing calls for it sooner")
    timeout: Interval = Field(read_duration("60s"), description="The longest one fetch may take")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.url and self.directory:
            raise ValueError("url and directory exclude each other: manifests come from one place")
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError("path must stay inside the repository")
        return self


class TerraformSource(Section):
    """Where the Terraform roots and modules come from."""

    path: Path = Field(Path("terraform"), description="A folder with `roots/` and `modules/`")


class TerraformTimeouts(Section):
    """The longest that one Terraform command may run."""

    init: Interval = Field(read_duration("5m"), description="For `terraform init`")
    plan: Interval = Field(read_duration("15m"), description="For `terraform plan`")
    apply: Interval = Field(read_duration("1h"), description="For `terraform apply`")


class Terraform(Section):
    """How Terraform is run."""

    binary: Text = Field("terraform", description="The terraform to run: a name on PATH, or a path")
    source: TerraformSource = TerraformSource()
    warm: bool = Field(True, description="Keep the AWS provider running between runs; off is slower, never different")
    concurrency: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="Runs at a time; by default what cores and memory allow when warm, else one per core"
    )
    lock_timeout: Duration = Field(read_duration("30s"), description="How long a run waits for a state lock")
    timeouts: TerraformTimeouts = TerraformTimeouts()

    @property
    def workers(self) -> int:
        """How many runs may go on at a time."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.concurrency or cores * (2 if self.warm else 1)


class State(Section):
    """Where Terraform states are kept, in each environment's account."""

    bucket: BucketTemplate = Field(
        "reconciler-state-{account}-{region}", description="The bucket; `{account}` and `{region}` are filled in"
    )
    lock_table: TableName | None = Field(
        "reconciler-locks", description="The DynamoDB lock table; null leaves only S3's own lock file"
    )
    prefix: StatePrefix = Field("", description="Put before every state's key in the bucket")
    kms_key_id: KmsKey | None = Field(None, description="The KMS key of the states; null takes the bucket's default")


class Store(Section):
    """Where records and history are kept."""

    path: Path = Field(Path("{data}/records.sqlite3"), description="The SQLite file")


class EnvironmentFloor(Section):
    """What manifests of this environment cannot loosen."""

    mode: Literal["auto", "approve", "observe"] = Field(
        "auto", description="The least strict mode a manifest gets: auto, approve or observe"
    )
    prune: bool = Field(True, description="false: nothing in this environment is ever pruned")


class EnvironmentSettings(Section):
    """One environment: an account, a region, and how careful to be there."""

    account: Account = Field(description="The AWS account, 12 digits in quotes")
    region: Region = Field(description="The AWS region")
    tier: Tier = Field(description="develop, test, qa or prod; the modules look at the tier, never at the name")
    role: RoleArn | None = Field(None, description="The role to assume there; null works with the daemon's own")
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = Field("aws", description="The AWS partition")
    endpoint: Endpoint | None = Field(None, description="An AWS-compatible endpoint used instead of AWS itself")
    floor: EnvironmentFloor = EnvironmentFloor()


class RolloutSettings(Section):
    """How a service's deployment is watched after an apply."""

    timeout: Interval = Field(read_duration("15m"), description="When a rollout that has not ended is RolloutTimeout")
    poll: Interval = Field(read_duration("15s"), description="How often a running rollout is looked at")
    image_poll: Interval = Field(read_duration("30s"), description="How often a missing first image is looked for")


class PolicySettings(Section):
    """Guards that hold for everything."""

    prune_limit_percent: int = Field(
        20, ge=0, le=100, description="Share of an environment that one commit may remove (at least one) unconfirmed"
    )


class Retry(Section):
    """What happens after a failure."""

    base: Interval = Field(read_duration("30s"), description="The first wait; it doubles, with jitter")
    cap: Interval = Field(read_duration("30m"), description="The longest wait")
    limit: int = Field(10, ge=1, le=1000, description="Failures in a row until an instance is RetriesExhausted")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.cap < self.base:
            raise ValueError("cap must not be shorter than base")
        return self


class Http(Section):
    """Where the API listens."""

    host: Text = Field("127.0.0.1", description="The address; 0.0.0.0 opens it to the network")
    port: int = Field(8080, ge=0, le=65535, description="The port; 0 lets the system choose one")
    socket: Path = Field(
        Path("{data}/reconciler.sock"), description="The unix socket (mode 0600) that the command line uses"
    )


class Auth(Section):
    """Who may act over TCP. The unix socket needs no token: its file mode is the proof."""

    token: SecretStr | None = Field(
        None, min_length=16, description="Bearer token for POST over TCP, 16 characters or more; null refuses them all"
    )


class Redaction(Section):
    """How secrets are hidden."""

    key: SecretStr | None = Field(
        None, min_length=16, description="Key of the hashes that stand for secrets; null makes one in the data folder"
    )


class Logs(Section):
    """What the daemon says of itself."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else json")


class Stop(Section):
    """What SIGTERM waits for."""

    drain: Duration = Field(read_duration("90s"), description="How long running applies may go on")
    grace: Duration = Field(read_duration("20s"), description="How long an interrupted terraform has to save its state")


class Settings(BaseSettings):
    """Everything the daemon is told; `reconciler.config.load` makes one."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        env_prefix="RECONCILER__",
        env_nested_delimiter="__",
        env_parse_none_str="null",
    )
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    data: Path = Field(Path(".reconciler"), description="The folder for mirror, workspaces, records and socket")
    git: Git = Git()
    terraform: Terraform = Terraform()
    state: State = State()
    store: Store = Store()
    environments: dict[EnvironmentName, EnvironmentSettings] = Field(
        default_factory=dict, description="The environments this daemon serves, by name"
    )
    rollout: RolloutSettings = RolloutSettings()
    policy: PolicySettings = PolicySettings()
    retry: Retry = Retry()
    http: Http = Http()
    auth: Auth = Auth()
    redaction: Redaction = Redaction()
    logs: Logs = Logs()
    stop: Stop = Stop()

    def environment(self, name: str) -> Environment:
        """One environment as the engine and the edges see it. Raises: ConfigFailed for an unknown name."""
        found = self.environments.get(name)
        if found is None:
            hint = suggest(name, self.environments)
            raise ConfigFailed([f"environments: {name!r} is not configured; {hint}"])
        return Environment(
            name=name,
            tier=found.tier,
            account=found.account,
            region=found.region,
            role=found.role,
            partition=found.partition,
            endpoint=found.endpoint,
            floor=Floor(mode=found.floor.mode, prune=found.floor.prune),
        )

    def facts(self) -> dict[str, EnvironmentFacts]:
        """What a snapshot needs to know of the configured environments."""
        return {name: EnvironmentFacts(tier=found.tier) for name, found in self.environments.items()}

    def check_runnable(self) -> None:
        """Raises: ConfigFailed when the daemon would have nowhere to read from or nothing to serve."""
        problems = []
        if not self.git.url and not self.git.directory:
            problems.append("git: url or directory is needed: where do the manifests come from?")
        if not self.environments:
            problems.append("environments: at least one is needed, with account, region and tier")
        if problems:
            raise ConfigFailed(problems)

    def origin(self, loc: Sequence[str]) -> str:
        """Where a value came from: a variable's name, `file:line`, or `default`."""
        prefixes = (".".join(loc[:length]) for length in range(len(loc), 0, -1))
        return next((self._origins[prefix] for prefix in prefixes if prefix in self._origins), "default")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file, which arrives as arguments."""
        return env_settings, init_settings

    def __repr_args__(self) -> Any:
        """Only the names of the sections: a log line must not become a configuration dump."""
        return ((name, "…") for name in type(self).model_fields)
