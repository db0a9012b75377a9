"""Commits that are small to write and once took minutes to read, in files of as many documents as one may have."""

from collections.abc import Iterable

from desired_state.limits import MOST_DOCUMENTS

_SPEC = (
    "type: public, runtime: python, repository: acme/app, cpu: 256, memory: 512, port: 8080,"
    " scaling: {min: 1, max: 1}, healthCheck: {path: /healthz}"
)


def service(
    name: str, priority: int | None, *, path: str = "", former: str = "", environments: str = "develop", more: str = ""
) -> str:
    """Return a public service as YAML; `more` are further fields of its spec."""
    renamed = f", formerName: {former}" if former else ""
    given = "" if priority is None else f"priority: {priority}, "
    routing = f'routing: {{{given}paths: ["{path or f"/{name}"}"]}}'
    return (
        f"apiVersion: reconciler/v1\nkind: Service\nmetadata: {{name: {name}{renamed}}}\n"
        f"spec: {{environments: [{environments}], {_SPEC}, {routing}{more}}}\n"
    )


def files(documents: Iterable[str]) -> dict[str, bytes]:
    """Return the documents in files."""
    every = list(documents)
    return {
        f"services/{begin:05}.yaml": "---\n".join(every[begin : begin + MOST_DOCUMENTS]).encode()
        for begin in range(0, len(every), MOST_DOCUMENTS)
    }


def one_priority(count: int) -> dict[str, bytes]:
    """Return services that share a priority."""
    return files(service(f"s{number}", 7) for number in range(count))


def without_priority(count: int) -> dict[str, bytes]:
    """Return services whose rules are equally specific and give no priority."""
    return files(service(f"s{number}", None, path="/same/*") for number in range(count))


def one_former_name(count: int) -> dict[str, bytes]:
    """Return services that claim one former name, which another one still has."""
    return files(
        [service("old", 50_000), *(service(f"s{number}", 1 + number, former="old") for number in range(count))]
    )


def overrides(count: int) -> dict[str, bytes]:
    """Return one service with many environments and an override in each."""
    names = [f"e{number}" for number in range(count)]
    text = service("s", 7, environments=", ".join(names)) + "overrides:\n"
    return {"s.yaml": (text + "".join(f"  {name}: {{cpu: 512}}\n" for name in names)).encode()}


def one_name(count: int) -> dict[str, bytes]:
    """Return services of one name."""
    return files(service("s", 1 + number) for number in range(count))


def one_start(count: int) -> dict[str, bytes]:
    """Return services with patterns that begin alike, and cover each other."""
    return files(service(f"s{number}", 1 + number, path=f"/*{'a' * (number % 7)}*") for number in range(count))


def one_circle(count: int) -> dict[str, bytes]:
    """Return services that depend on each other in one circle."""
    return files(
        service(f"s{number}", 1 + number, more=f", dependsOn: [s{(number + 1) % count}]") for number in range(count)
    )


def missing(count: int) -> dict[str, bytes]:
    """Return services, each with a dependency that is almost the name of another one."""
    return files(service(f"abc{number}", 1 + number, more=f", dependsOn: [xabc{number}x]") for number in range(count))


def environments(count: int) -> dict[str, bytes]:
    """Return services, each in an environment of its own."""
    return files(service(f"s{number}", 1 + number, environments=f"zone{number}") for number in range(count))


def platforms(count: int) -> dict[str, bytes]:
    """Return Platforms of two environments, all with one address range."""
    return files(
        f"apiVersion: reconciler/v1\nkind: Platform\nmetadata: {{name: p{number}}}\n"
        f"spec: {{environments: [{'develop' if number % 2 else 'live'}], "
        "network: {cidr: 10.0.0.0/16, availabilityZones: [eu-central-1a, eu-central-1b, eu-central-1c]}, "
        "alb: {certificateArn: "
        '"arn:aws:acm:eu-central-1:111122223333:certificate/11111111-aaaa-4aaa-8aaa-111111111111"}, '
        'tags: {owner: team, costCenter: "1", compliance: internal}}\n'
        for number in range(count)
    )


def broken(count: int) -> dict[str, bytes]:
    """Return manifests that are not valid, each with a name that a valid one had before."""
    return files(
        [
            *(f"kind: Service\nmetadata: {{name: old{number}}}\n" for number in range(count)),
            *(service(f"s{number}", 1 + number, former=f"old{number}") for number in range(count)),
        ]
    )
