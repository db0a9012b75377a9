"""The settings of a service's containers, proven: each container has its own, and no more than was asked for."""

from __future__ import annotations

from tests.terraform.inputs import Variables
from tests.terraform.properties import secret_sources
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.services import MODULE, SERVICE, containers, logins
from tests.terraform.properties.test_service_secrets import injected, reads


def with_login(variables: Variables) -> bool:
    """Return whether a registry gets a login whose secret no variable has as well."""
    others = variables | {
        "image": {"credentials": None},
        "sidecars": [one | {"credentials": None} for one in variables["sidecars"]],
    }
    return not logins(variables) <= {*map(secret_sources.origin, injected(others))}


@proof(
    26,
    "Secrets injection",
    part="logins",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}secrets.tf", ", local.logins)", ")", says="cannot log in", where=with_login),
        Edit(f"{MODULE}registries.tf", "credentialsParameter = secret", 'credentialsParameter = "x"',
             says="another login", where=with_login),
    ],
)  # fmt: skip
def test_property_26_secrets_injection_logins(instance: Instance) -> None:
    """A registry gets the login that its image names and no other, and the execution role may read it."""
    variables = instance.variables
    given = {one["name"]: one["credentials"] for one in variables["sidecars"]}
    given[variables["service"]["name"]] = variables["image"]["credentials"]
    found = {
        one["name"]: one.get("repositoryCredentials", {}).get("credentialsParameter") for one in containers(instance)
    }
    assert found == given, "a registry gets another login"
    wanted = secret_sources.arns(variables["environment"], sorted(logins(variables)), "secretsmanager")
    assert wanted <= reads(instance, "execution"), "ECS cannot log in at a registry"
