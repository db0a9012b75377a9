"""The checks of one instance against its tenant: what the tenant may not declare, and what it may not ask for.

They need values only, so that the daemon can repeat them for an instance that it accepted earlier.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from desired_state.checks import routes
from desired_state.checks.incumbents import rules_of
from desired_state.instance import Key, Kind
from desired_state.kinds.job import JobSpec
from desired_state.kinds.manifest import ModuleSpec, Spec
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location, quote
from desired_state.tenants.asked_for import Readable, groups_of, images_of, secrets_of, storage_of, without_tag
from desired_state.tenants.granted_permissions import beyond_grants
from desired_state.tenants.tenant import NAMED_ROOTS, Tenant, Tenants, matches

_SHARED: Final = "shared/*"


@dataclass(frozen=True, slots=True)
class RouteGrant:
    """Requests that a tenant may serve: those below a prefix of paths, at any host ("") or at those of a pattern."""

    host: str
    prefix: str

    @classmethod
    def of(cls, entry: str) -> "RouteGrant":
        """Return the grant of an entry of `hosts`: a host, or a host and a prefix of its paths."""
        host, _, prefix = entry.partition("/")
        return cls(host, f"/{prefix}")

    def covers(self, host: str, path: str) -> bool:
        """Return whether every request of the pattern at the host is granted."""
        below = path == self.prefix or routes.covers(f"{self.prefix.rstrip('/')}/*", path)
        return below and (not self.host or (bool(host) and routes.covers(self.host, host)))

    def is_narrower(self, other: "RouteGrant") -> bool:
        """Return whether its requests are some of the other one's: a host goes before a path."""
        if self.host == other.host:
            return self.prefix != other.prefix and self.prefix.startswith(f"{other.prefix.rstrip('/')}/")
        return bool(self.host) and (not other.host or routes.covers(other.host, self.host))

    def __str__(self) -> str:
        """Return the grant as the configuration writes it."""
        return f"{self.host}{self.prefix if self.prefix != '/' or not self.host else ''}"


@dataclass(frozen=True, slots=True)
class Denial:
    """A thing that a tenant may not ask for. `place` is its location in the document; one that begins with `spec` may
    be written in an override instead."""

    place: Location
    message: str


def kind_of(spec: Spec) -> Kind:
    """Return the kind of the manifest that has this spec."""
    match spec:
        case PlatformSpec():
            return "Platform"
        case ServiceSpec():
            return "Service"
        case JobSpec():
            return "Job"
        case ModuleSpec():
            return "Module"


def strangeness(key: Key, spec: Spec, former: str | None, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    """Find why the tenant may not declare this instance at all: its kind, name, environment or former name."""
    kind, name = kind_of(spec), ("metadata", "name")
    if kind not in tenant.kinds:
        yield Denial(("kind",), f"the tenant {tenant.name} may not declare a {kind}, only {', '.join(tenant.kinds)}")
    if not tenants.may_name(tenant, key.name):
        message = f"the tenant {tenant.name} may not use the name {quote(key.name)}"
        yield Denial(name, f"{message}, {_only(tenant.own_names)}{_closest(key.name, tenant, tenants)}")
    elif found := tenants.reserved_for(tenant, key.name):
        message = f"the tenant {tenant.name} may not use the name {quote(key.name)}: its resources would be named"
        message = f"{message} {key.name}-execution and the like, and {found[1]} belongs to {found[0]}"
        remedy = f"grant {key.name}-* to {tenant.name}, or the name {key.name} to {found[0]}"
        yield Denial(name, f"{message}; {remedy}")
    elif key.name in tenants.environments and kind != "Platform":
        message = f"{quote(key.name)} is the name of an environment, with which its secrets begin"
        yield Denial(name, f"{message}: take another name")
    if former is not None and not tenants.may_name(tenant, former):
        message = f"the tenant {tenant.name} may not take over {quote(former)}"
        message = f"{message}, {_only(tenant.own_names)}{_closest(former, tenant, tenants)}"
        yield Denial(("metadata", "formerName"), message)
    if key.environment not in tenant.environments:
        where = ("spec", "environments", spec.environments.index(key.environment))
        message = f"the tenant {tenant.name} may not deploy to {key.environment}, {_only(tenant.environments)}"
        yield Denial(where, message)


def excess(key: Key, spec: Spec, former: str | None, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    """Find what the tenant's instance may not ask for."""
    yield from _of_all(spec, tenant, tenants)
    if isinstance(spec, ModuleSpec) and not tenant.may_run(spec.root):
        apart = ", which has to be named in full" if spec.root in NAMED_ROOTS else ""
        message = f"the tenant {tenant.name} may not run the root {spec.root}{apart}, {_only(tenant.roots)}"
        yield Denial(("spec", "root"), message)
    if isinstance(spec, ServiceSpec):
        yield from _of_service(key, spec, former, tenant, tenants)
        yield from _routes(key, spec, tenant, tenants)
    if isinstance(spec, JobSpec):
        yield from _of_job(key, spec, former, tenant, tenants)


def _of_all(spec: Spec, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    if spec.imports and not tenant.imports:
        message = f"the tenant {tenant.name} may not import existing resources: its `imports` is false"
        yield Denial(("spec", "import"), message)
    if spec.policy.ignore and not tenant.ignore:
        message = f"the tenant {tenant.name} may not ignore drift: its `ignore` is false"
        yield Denial(("spec", "policy", "ignore"), message)
    for index, name in enumerate(() if isinstance(spec, PlatformSpec) else spec.depends_on):
        if not tenants.may_name(tenant, name) and not matches(name, tenant.depends_on):
            message = f"the tenant {tenant.name} may not depend on {quote(name)}, {_only(tenant.depends_on)}"
            yield Denial(("spec", "dependsOn", index), message)


def _of_service(key: Key, spec: ServiceSpec, former: str | None, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    if not tenants.may_build(tenant, spec.repository):
        granted = tenant.own_names if tenant.repositories is None else tenant.repositories
        message = f"the tenant {tenant.name} may not build {quote(spec.repository)}, {_only(granted)}"
        yield Denial(("spec", "repository"), message)
    for place, secret, kind in secrets_of(spec):
        if not may_read(secret, key, former, tenant, kind):
            message = f"the tenant {tenant.name} may not read {quote(secret)} for {key.name}"
            granted = (f"{key.name}/*", _SHARED, *_granted(tenant, kind))
            yield Denial(("spec", *place), f"{message}, {_only(granted)}")
    yield from _of_network(spec, tenant, tenants)
    for place, image in images_of(spec):
        if not matches(without_tag(image), tenant.registries):
            message = f"the tenant {tenant.name} may not run the image {quote(image)}, {_only(tenant.registries)}"
            yield Denial(("spec", *place), message)
    for place, message in beyond_grants(_readable(key, former), spec, tenant, tenants):
        yield Denial(("spec", *place), message)
    for place, thing in storage_of(spec):
        if not matches(thing, tenant.storage):
            message = f"the tenant {tenant.name} may not use {quote(thing)}, {_only(tenant.storage)}"
            yield Denial(("spec", *place), message)
    yield from _of_size(spec, tenant)


def _of_size(spec: ServiceSpec, tenant: Tenant) -> Iterator[Denial]:
    if spec.scaling.max > tenant.tasks:
        message = f"scaling.max is {spec.scaling.max}, but {tenant.tasks} tasks are the limit of {tenant.name}"
        yield Denial(("spec", "scaling", "max"), message)
    if spec.cpu > tenant.cpu:
        yield Denial(("spec", "cpu"), f"cpu is {spec.cpu}, but {tenant.cpu} is the limit of the tenant {tenant.name}")


def _of_network(spec: ServiceSpec, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    for place, group in groups_of(spec):
        if group not in tenant.security_groups:
            message = f"the tenant {tenant.name} may not use {quote(group)}, {_only(tenant.security_groups)}"
            yield Denial(("spec", *place), message)
    if spec.connect and spec.connect.alias and not tenants.may_name(tenant, spec.connect.alias):
        message = f"the tenant {tenant.name} may not be reached as {quote(spec.connect.alias)}"
        message = f"{message}, {_only(tenant.own_names)}{_closest(spec.connect.alias, tenant, tenants)}"
        yield Denial(("spec", "connect", "alias"), message)


def _of_job(key: Key, spec: JobSpec, former: str | None, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    places: list[tuple[Location, str]] = [(("secrets", name), secret) for name, secret in spec.secrets.items()]
    places += [(("runtimeSecrets", index), secret) for index, secret in enumerate(spec.runtime_secrets)]
    for place, secret in places:
        if not may_read(secret, key, former, tenant):
            message = f"the tenant {tenant.name} may not read {quote(secret)} for {key.name}"
            granted = (f"{key.name}/*", _SHARED, *tenant.secrets)
            yield Denial(("spec", *place), f"{message}, {_only(granted)}")
    service, repository = spec.image.service, spec.image.repository
    if service is not None and not tenants.may_name(tenant, service):
        message = f"the tenant {tenant.name} may not run the image of the service {quote(service)}"
        yield Denial(("spec", "image", "service"), f"{message}, {_only(tenant.own_names)}")
    if repository is not None and not matches(repository, tenant.registries):
        message = f"the tenant {tenant.name} may not run the image {quote(repository)}, {_only(tenant.registries)}"
        yield Denial(("spec", "image", "repository"), message)
    if spec.cpu > tenant.cpu:
        yield Denial(("spec", "cpu"), f"cpu is {spec.cpu}, but {tenant.cpu} is the limit of the tenant {tenant.name}")


def _routes(key: Key, spec: ServiceSpec, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    for place, rule in rules_of(spec):
        for index, path in enumerate(rule.paths):
            denials = (_denied_route(path, host, key, tenant, tenants) for host in rule.hosts or ("",))
            if message := next(filter(None, denials), None):
                yield Denial(("spec", *place, "paths", index), message)


def _denied_route(path: str, host: str, key: Key, tenant: Tenant, tenants: Tenants) -> str | None:
    message = f"the tenant {tenant.name} may not serve {quote(host + path)}"
    grant = granted_route(path, host, key, tenant)
    if grant is None:
        granted = tenant.hosts if host else (f"/{key.name}", *tenant.routes)
        return f"{message}, {_only(granted)}" + (" and below" if granted else "")
    for other in tenants.by_name.values():
        if other.name != tenant.name and (closer := _closer(path, host, grant, other)):
            return f"{message}: {closer} and below belong to the tenant {other.name}"
    return None


def _closer(path: str, host: str, grant: RouteGrant, other: Tenant) -> str | None:
    """Return the grant by which a path pattern belongs to another tenant, one that is narrower than the given one."""
    named = [f"/{name}" for name in other.own_names if not name.endswith("*")]
    found = [RouteGrant("", one) for one in (*named, *other.routes)] + [RouteGrant.of(one) for one in other.hosts]
    return next((str(one) for one in found if one.is_narrower(grant) and one.covers(host, path)), None)


def may_read(secret: str, key: Key, former: str | None, tenant: Tenant, kind: Readable = "secrets") -> bool:
    """Return whether a service may read a secret or parameter: below its own name, below `shared/`, or granted.

    The platform puts the name of the environment before a secret's (terraform/modules/secrets), so the name may be
    written with it. Secrets Manager knows no folders: a name is compared from its first character, and `..` is a name.
    An ARN may be another account's: no entry that is a name grants it, not even `*`.
    """
    granted = _granted(tenant, kind)
    if secret.startswith("arn:"):
        return matches(secret, (one for one in granted if one.startswith("arn:")))
    plain = secret.removeprefix("/").removeprefix(f"{key.environment}/")
    return matches(plain, (*_readable(key, former), *granted))


def _readable(key: Key, former: str | None) -> tuple[str, ...]:
    """Return the beginnings of what a service may read without a grant: below its names, and below `shared/`."""
    return (*(f"{name}/*" for name in (key.name, former) if name), _SHARED)


def _granted(tenant: Tenant, kind: Readable) -> tuple[str, ...]:
    return tenant.secrets if kind == "secrets" else tenant.parameters


def granted_route(path: str, host: str, key: Key, tenant: Tenant) -> RouteGrant | None:
    """Return the narrowest grant that holds every request of a path pattern at a host, None if there is none.

    A rule without hosts has the host ""; one with hosts needs a grant of each."""
    found = [RouteGrant.of(one) for one in tenant.hosts] if host else []
    found += [] if host else [RouteGrant("", one) for one in (f"/{key.name}", *tenant.routes)]
    holding = [one for one in found if one.covers(host, path)]
    return max(holding, key=lambda one: (not one.host.startswith("*"), len(one.host), len(one.prefix)), default=None)


def _closest(name: str, tenant: Tenant, tenants: Tenants) -> str:
    """Return whose name it is, where the tenant has an entry for it and another tenant has a closer one."""
    owners = ", ".join(sorted(tenants.namesakes(name)))
    return f", and this one belongs to {owners}" if matches(name, tenant.own_names) else ""


def _only(granted: Iterable[str]) -> str:
    entries = sorted(granted)
    return f"only {', '.join(entries)}" if entries else "none is granted"
