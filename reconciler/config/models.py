"""The complete schema of `reconciler.yaml`.

Each section is a class in `sources`, `guards` or `daemon`. Relative paths are relative to the folder of the
configuration file; `{data}` is replaced by the data folder.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from desired_state.reading.suggestion import suggest
from desired_state.snapshot import EnvironmentFacts
from desired_state.tenants.tenant import Tenants
from reconciler.config.auth import Auth
from reconciler.config.daemon import AuditSettings, Http, Logs, Redaction, ReportSettings, Slack, Stop
from reconciler.config.guards import DriftSettings, EnvironmentSettings, PolicySettings, Retry, RolloutSettings
from reconciler.config.sources import Git, State, Store, Terraform
from reconciler.config.tenants import TenantSettings
from reconciler.config.values import EnvironmentName, TenantName
from reconciler.core.code.allowances import AllowancesByTenant
from reconciler.core.environment import Environment


class ConfigFailed(Exception):
    """The configuration is invalid; each problem is one line with its place, its key and the allowed values."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Settings(BaseSettings):
    """All settings of the daemon, created by `reconciler.config.load`."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        env_prefix="RECONCILER__",
        env_nested_delimiter="__",
        env_parse_none_str="null",
    )
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    data: Path = Field(Path(".reconciler"), description="Folder for Git mirror, workspaces, records and socket")
    git: Git = Git()
    terraform: Terraform = Terraform()
    state: State = State()
    store: Store = Store()
    environments: dict[EnvironmentName, EnvironmentSettings] = Field(
        default_factory=dict, description="Environments that this daemon reconciles, by name"
    )
    tenants: dict[TenantName, TenantSettings] = Field(
        default_factory=dict, description="Teams that share the manifests, by name; without any, all may ask for all"
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
    audit: AuditSettings = AuditSettings()
    logs: Logs = Logs()
    stop: Stop = Stop()

    def environment(self, name: str) -> Environment:
        """Return one environment as the value that engine and edges use. Raises: ConfigFailed for an unknown name."""
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
            floor=found.floor.of_tier(found.tier),
            tenant_roles=tuple(sorted(found.tenant_roles.items())),
            allow=found.allowed,
            policies=tuple(sorted(found.policies.items())),
        )

    def allowances(self) -> AllowancesByTenant:
        """Return what the code of roots may do on this machine."""
        own = {name: found.allow.allowances() for name, found in self.tenants.items() if found.allow is not None}
        return AllowancesByTenant(self.terraform.allow.allowances(), own)

    def facts(self) -> dict[str, EnvironmentFacts]:
        """Return the facts about each environment that a snapshot is validated against, by name."""
        return {
            name: EnvironmentFacts(found.tier, found.allowed, frozenset(found.policies))
            for name, found in self.environments.items()
        }

    def tenancy(self) -> Tenants | None:
        """Return the tenants that a snapshot is validated against, None without any."""
        by_name = {name: found.tenant(name) for name, found in self.tenants.items()}
        return Tenants(by_name, frozenset(self.environments)) if by_name else None

    def check_runnable(self) -> None:
        """Check what only a running daemon needs: a source of manifests, an environment, names that exist.

        Raises: ConfigFailed.
        """
        problems = []
        if not self.git.url and not self.git.directory:
            problems.append("git: no source of manifests is configured: set url or directory")
        if not self.environments:
            problems.append("environments: none is configured: add one with account, region and tier")
        if not self.terraform.source.git.url:
            problems += [
                f"environments.{name}.source.ref: {found.source.ref} refers to terraform.source.git, which has no url: "
                "set terraform.source.git.url, or remove the ref"
                for name, found in self.environments.items()
                if found.source.ref
            ]
        problems += [
            f"slack.environments: {name!r} is not configured; {suggest(name, self.environments)}"
            for name in self.slack.environments or ()
            if name not in self.environments
        ]
        problems += [
            f"auth: a role names the environment {name!r}, which is not configured; {suggest(name, self.environments)}"
            for name in sorted(self.auth.environments - set(self.environments))
        ]
        problems += [
            f"tenants.{tenant}.environments: {name!r} is not configured; {suggest(name, self.environments)}"
            for tenant, found in self.tenants.items()
            for name in found.environments
            if name not in self.environments
        ]
        problems += [
            f"environments.{other}: begins with {one!r} and a hyphen in the same account, so that names and policies "
            f"of {one} also mean those of {other}: rename it, or give it an account of its own"
            for one, found in self.environments.items()
            for other, its in self.environments.items()
            if other.startswith(f"{one}-") and its.account == found.account
        ]
        if problems:
            raise ConfigFailed(problems)

    def origin(self, loc: Sequence[str]) -> str:
        """Return the origin of a value: a variable's name, `file:line`, or `default`."""
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
        """Let environment variables override the file, whose content arrives as arguments."""
        return env_settings, init_settings

    def __repr_args__(self) -> Any:
        """Show only the names of the sections, so that a logged settings object is not a configuration dump."""
        return ((name, "…") for name in type(self).model_fields)
