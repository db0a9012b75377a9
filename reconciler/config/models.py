"""The settings of the daemon: what `reconciler.yaml` may say, and nothing else.

Every section is a class in `sources`, `conduct` or `surface`. Relative paths are relative to the folder of the
configuration file; `{data}` stands for the data folder.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from desired_state.explain import suggest
from desired_state.snapshot import EnvironmentFacts
from reconciler.config.daemon import Auth, Http, Logs, Redaction, ReportSettings, Slack, Stop
from reconciler.config.guards import DriftSettings, EnvironmentSettings, PolicySettings, Retry, RolloutSettings
from reconciler.config.sources import Git, State, Store, Terraform
from reconciler.config.values import EnvironmentName
from reconciler.core.environment import Environment, Floor


class ConfigFailed(Exception):
    """The configuration cannot be used; every problem is one line that names its place, its key and what is allowed."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


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
    drift: DriftSettings = DriftSettings()
    retry: Retry = Retry()
    http: Http = Http()
    auth: Auth = Auth()
    redaction: Redaction = Redaction()
    slack: Slack = Slack()
    reports: ReportSettings = ReportSettings()
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
        if not self.terraform.source.git.url:
            problems += [
                f"environments.{name}.source.ref: {found.source.ref} is a ref of terraform.source.git, which has no url"
                for name, found in self.environments.items()
                if found.source.ref
            ]
        problems += [
            f"slack.environments: {name!r} is not configured; {suggest(name, self.environments)}"
            for name in self.slack.environments or ()
            if name not in self.environments
        ]
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
