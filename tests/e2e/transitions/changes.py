"""Changes of valid inputs, by kind: each returns services as the next commit has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import TypeVar

from tests.e2e.transitions.wanted import SECRETS, TAGS, Wanted

T = TypeVar("T")
Services = Mapping[str, Wanted]
Change = Callable[[Random, Services], tuple[Wanted, ...]]


def _other(rng: Random, present: T, *choices: T) -> T:
    return rng.choice([choice for choice in choices if choice != present])


def _any(rng: Random, services: Services) -> Wanted:
    return services[rng.choice(sorted(services))]


def _public(rng: Random, services: Services) -> list[Wanted]:
    found = [services[name] for name in sorted(services) if services[name].public]
    return rng.sample(found, len(found))


def _port(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    return (replace(one, port=_other(rng, one.port, 3000, 7070, 8080, 9090)),)


def _type(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    if one.public:
        return (replace(one, priority=None, paths=()),)
    return (rng.choice([replace(one, port=None), replace(one, priority=rng.randint(500, 600), paths=("/new",))]),)


def _paths(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one, *_ = _public(rng, services)
    own = (f"/{one.name}", f"/{one.name}/*")
    return (replace(one, paths=_other(rng, one.paths, own, own[1:], (*own, f"/{one.name}-v2"), own[:1])),)


def _handover(rng: Random, services: Services) -> tuple[Wanted, ...]:
    giver, taker, *_ = sorted(_public(rng, services), key=lambda service: "/shared" not in service.paths)
    rest = tuple(path for path in giver.paths if path != "/shared")
    return (replace(giver, paths=rest), replace(taker, paths=(*taker.paths[:4], "/shared")))


def _swap(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one, other, *_ = _public(rng, services)
    return (replace(one, priority=other.priority), replace(other, priority=one.priority))


def _chain(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one, other, *_ = _public(rng, services)
    return (replace(one, priority=other.priority), replace(other, priority=rng.randint(200, 400)))


def _health(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    return (replace(one, health=_other(rng, one.health, "/healthz", "/ready"), interval=rng.choice([10, 30])),)


def _cpu(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    return (replace(one, cpu=_other(rng, one.cpu, 256, 512, 1024)),)


def _image(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    return (replace(one, tag=_other(rng, one.tag, *TAGS)),)


def _secrets(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    return (replace(one, secrets=_other(rng, one.secrets, (), SECRETS[:1], SECRETS, SECRETS[1:])),)


def _sidecars(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    return (replace(one, sidecars=_other(rng, one.sidecars, (), ("proxy",), ("agent", "proxy"))),)


def _scaling(rng: Random, services: Services) -> tuple[Wanted, ...]:
    one = _any(rng, services)
    return (replace(one, fewest=_other(rng, one.fewest, 1, 2, 3)),)


def _port_and_more(rng: Random, services: Services) -> tuple[Wanted, ...]:
    (moved,) = _port(rng, services)
    more = rng.choice([_cpu, _image, _secrets, _sidecars, _health])
    return more(rng, {moved.name: moved})


def _swap_and_ports(rng: Random, services: Services) -> tuple[Wanted, ...]:
    return tuple(_port(rng, {one.name: one})[0] for one in _swap(rng, services))


CHANGES: Mapping[str, Change] = {
    "port": _port,
    "type": _type,
    "paths": _paths,
    "a path handed over": _handover,
    "priorities swapped": _swap,
    "priorities in a chain": _chain,
    "health check": _health,
    "cpu": _cpu,
    "image": _image,
    "secrets": _secrets,
    "sidecars": _sidecars,
    "scaling": _scaling,
    "port and more": _port_and_more,
    "priorities swapped, and ports": _swap_and_ports,
}
# Kinds that start a deployment, which may fail.
DEPLOYING = ("port", "cpu", "image", "secrets", "sidecars", "port and more", "priorities swapped, and ports")
