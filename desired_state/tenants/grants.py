"""The checks of one instance against its tenant: what the tenant may not declare, and what it may not ask for.

They need values only, so that the daemon can repeat them for an instance that it accepted earlier.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from desired_state.checks.routes import covers
from desired_state.instance import Key, Kind
from desired_state.kinds.manifest import ModuleSpec, Spec
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location, quote
from desired_state.tenants.tenant import NAMED_ROOTS, Tenant, Tenants, matches

_SHARED: Final = "shared/*"


@dataclass(frozen=True, slots=True)
class Denial:
    """A thing that a tenant may not ask for. `place` is its location in the document; one that begins with `spec` may
    be written in an override instead."""

    place: Location
    message: str


def kind_of(spec: Spec) -> Kind:
    """Return the kind of the manifest that has this spec."""
    return "Platform" if isinstance(spec, PlatformSpec) else "Service" if isinstance(spec, ServiceSpec) else "Module"


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
    for place, secret in _secrets(spec):
        if not may_read(secret, key, former, tenant):
            message = f"the tenant {tenant.name} may not read {quote(secret)} for {key.name}"
            granted = (f"{key.name}/*", _SHARED, *tenant.secrets)
            yield Denial(("spec", *place), f"{message}, {_only(granted)}")
    for place, image in _images(spec):
        if not matches(_without_tag(image), tenant.registries):
            message = f"the tenant {tenant.name} may not run the image {quote(image)}, {_only(tenant.registries)}"
            yield Denial(("spec", *place), message)
    if spec.scaling.max > tenant.tasks:
        message = f"scaling.max is {spec.scaling.max}, but {tenant.tasks} tasks are the limit of {tenant.name}"
        yield Denial(("spec", "scaling", "max"), message)
    if spec.cpu > tenant.cpu:
        yield Denial(("spec", "cpu"), f"cpu is {spec.cpu}, but {tenant.cpu} is the limit of the tenant {tenant.name}")


def _routes(key: Key, spec: ServiceSpec, tenant: Tenant, tenants: Tenants) -> Iterator[Denial]:
    for index, path in enumerate(spec.routing.paths if spec.routing else ()):
        message, grant = f"the tenant {tenant.name} may not serve {quote(path)}", granted_route(path, key, tenant)
        place = ("spec", "routing", "paths", index)
        if grant is None:
            yield Denial(place, f"{message}, {_only((f'/{key.name}', *tenant.routes))} and below")
            continue
        for other in tenants.by_name.values():
            if other.name != tenant.name and (closer := _closer(path, grant, other)):
                yield Denial(place, f"{message}: {closer} and below belong to the tenant {other.name}")
                break


def _closer(path: str, grant: str, other: Tenant) -> str | None:
    """Return the prefix by which a path pattern belongs to another tenant, one that is narrower than the grant."""
    named = [f"/{name}" for name in other.own_names if not name.endswith("*")]
    return next((one for one in (*named, *other.routes) if is_narrower(one, grant) and _holds(one, path)), None)


def may_read(secret: str, key: Key, former: str | None, tenant: Tenant) -> bool:
    """Return whether a service may read a secret: below its own name, below `shared/`, or granted.

    The platform puts the name of the environment before a secret's (terraform/modules/secrets), so the name may be
    written with it. Secrets Manager knows no folders: a name is compared from its first character, and `..` is a name.
    """
    names = [f"{name}/*" for name in (key.name, former) if name]
    plain = secret.removeprefix("/").removeprefix(f"{key.environment}/")
    return matches(plain, (*names, _SHARED, *tenant.secrets))


def granted_route(path: str, key: Key, tenant: Tenant) -> str | None:
    """Return the narrowest granted prefix that holds every request of a path pattern, None if there is none."""
    holding = [one for one in (f"/{key.name}", *tenant.routes) if _holds(one, path)]
    return max(holding, key=len) if holding else None


def is_narrower(one: str, other: str) -> bool:
    """Return whether a prefix of paths is below another one."""
    return one != other and one.startswith(f"{other.rstrip('/')}/")


def _holds(prefix: str, path: str) -> bool:
    return path == prefix or covers(f"{prefix.rstrip('/')}/*", path)


def _secrets(spec: ServiceSpec) -> Iterator[tuple[Location, str]]:
    yield from ((("secrets", name), secret) for name, secret in spec.secrets.items())
    yield from ((("runtimeSecrets", index), secret) for index, secret in enumerate(spec.runtime_secrets))
    for index, sidecar in enumerate(spec.sidecars):
        yield from ((("sidecars", index, "secrets", name), secret) for name, secret in sidecar.secrets.items())


def _images(spec: ServiceSpec) -> Iterator[tuple[Location, str]]:
    yield from ((("sidecars", index, "image"), sidecar.image) for index, sidecar in enumerate(spec.sidecars))
    if spec.delivery and spec.delivery.scanner:
        yield ("delivery", "scanner"), spec.delivery.scanner


def _without_tag(image: str) -> str:
    """Return the registry and repository of an image, without tag and digest."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition(":")[0]


def _closest(name: str, tenant: Tenant, tenants: Tenants) -> str:
    """Return whose name it is, where the tenant has an entry for it and another tenant has a closer one."""
    owners = ", ".join(sorted(tenants.namesakes(name)))
    return f", and this one belongs to {owners}" if matches(name, tenant.own_names) else ""


def _only(granted: Iterable[str]) -> str:
    entries = sorted(granted)
    return f"only {', '.join(entries)}" if entries else "none is granted"
