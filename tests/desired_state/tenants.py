"""A repository of three tenants: a shop with running instances, an intruder who attacks it, and the platform team.

`attempt` adds files to it, and returns the snapshot beside the one without them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desired_state.instance import Instance, Key
from desired_state.snapshot import Incumbent, Snapshot, build, diff
from desired_state.tenants.tenant import Tenant, Tenants
from tests.desired_state.manifests import FOUR, ROOTS, known, module, platform, public, service, to_yaml

ROOTS_OF_ALL = ROOTS | {
    "roots/queue/main.tf": b'variable "retention" { type = number }\n',
    "roots/account/main.tf": b'variable "people" { type = any }\n',
}
SHOP = Tenant("shop", ("teams/shop/",), ("develop", "test", "prod"), names=("orders", "orders-*", "basket"))
INTRUDER = Tenant(
    "intruder",
    ("teams/intruder/", "both/"),
    ("develop", "test"),
    kinds=("Service", "Module", "Job"),
    roots=("queue",),
    registries=("public.ecr.aws/aws-observability/*",),
)
PLATFORM = Tenant(
    "platform",
    ("platforms/", "both/"),
    ("develop", "test", "qa", "prod"),
    kinds=("Platform", "Module"),
    names=("*",),
    roots=("*", "account"),
)
PARTNER = Tenant("partner", ("teams/partner/",), ("develop",), names=("intruder-eu",), routes=("/intruder/eu",))
TENANTS = Tenants({one.name: one for one in (SHOP, INTRUDER, PLATFORM, PARTNER)}, frozenset(FOUR))
FILE = "teams/intruder/own.yaml"
ORDERS, BASKET = Key("develop", "orders"), Key("develop", "basket")


def orders(**changes: Any) -> dict[str, Any]:
    """Return the service of the shop that is attacked."""
    secrets = {"DATABASE_URL": "orders/database-url", "SALT": "shared/salt"}
    paths = ["/orders", "/orders/*"]
    return public("orders", paths=paths, priority=120, **{"secrets": secrets, **changes})


def own(name: str = "intruder", **changes: Any) -> dict[str, Any]:
    """Return a service of the intruder."""
    return service(name, **changes)


def queue(name: str = "intruder", **changes: Any) -> dict[str, Any]:
    """Return a Module of the intruder."""
    return module(name, **{"root": "queue", **changes})


def named(manifest: Mapping[str, Any], **metadata: Any) -> dict[str, Any]:
    """Return the manifest with other metadata."""
    return {**manifest, "metadata": {**manifest["metadata"], **metadata}}


def overridden(manifest: Mapping[str, Any], **patch: Any) -> dict[str, Any]:
    """Return the manifest with an override for develop."""
    return {**manifest, "overrides": {"develop": patch}}


VICTIMS = {
    "platforms/develop.yaml": to_yaml(platform("develop")),
    "platforms/prod.yaml": to_yaml(platform("prod", network={"cidr": "10.20.0.0/16"})),
    "teams/shop/orders.yaml": to_yaml(orders()),
    "teams/shop/basket.yaml": to_yaml(service("basket", dependsOn=["orders"])),
}


def snapshot(files: Mapping[str, bytes], before: Snapshot | None = None, tenants: Tenants | None = TENANTS) -> Snapshot:
    """Return the snapshot of files; `before` is the one whose instances are known."""
    accepted = before.instances if before else {}
    return build(
        commit="c",
        files=files,
        roots=ROOTS_OF_ALL,
        environments=FOUR,
        tenants=tenants,
        known={key: Incumbent(one, tenants.name_of(one.path) if tenants else None) for key, one in accepted.items()},
    )


BEFORE = snapshot(VICTIMS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The snapshot with an attempt, and its files."""

    files: Mapping[str, bytes]
    after: Snapshot

    @property
    def of_others(self) -> Mapping[Key, Instance]:
        """Return the instances of the other tenants."""
        return {key: one for key, one in self.after.instances.items() if one.path in VICTIMS}

    def lines(self, message: str) -> list[str]:
        """Return each line of the attacker's files at which a problem with this message is."""
        return [
            self.files[problem.path].decode(errors="replace").split("\n")[problem.line - 1]
            for problem in self.after.problems
            if message in problem.message and problem.path not in VICTIMS
        ]

    def check_others(self) -> None:
        """Assert that no other tenant has a problem, another wanted state, or a removal that is held up."""
        assert [problem for problem in self.after.problems if problem.path in VICTIMS] == []
        assert self.of_others == BEFORE.instances
        changes = diff(self.after, known(BEFORE))
        assert not changes.removed | changes.invalid | changes.claimed


def attempt(files: Mapping[str, bytes]) -> Outcome:
    """Add the files of an attacker to the repository, whose other instances are known."""
    content = {**VICTIMS, **files}
    return Outcome(content, snapshot(content, BEFORE))
