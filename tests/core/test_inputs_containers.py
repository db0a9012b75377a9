"""The variables of containers: settings reach the root with the names of secrets that the platform gave."""

from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.variables import variables
from tests.core.instances import DEVELOP, instance
from tests.core.test_inputs import inputs_of, service_inputs, with_field

GHCR = "image: {repository: ghcr.io/acme/orders, tag: v1, credentials: orders/ghcr}"
PROXY = "sidecars: [{name: proxy, image: 'ghcr.io/acme/proxy:1', credentials: orders/proxy}]"


def test_logins_at_registries_reach_the_root_under_the_names_of_the_platform() -> None:
    platform = {**placeholder_platform(DEVELOP), "secret_names": {"orders/ghcr": "develop/orders/ghcr"}}
    text = with_field(f"{GHCR}\n  {PROXY}")
    found = variables(instance(text), DEVELOP, platform=platform, image="ghcr.io/acme/orders:v1")
    assert found["image"] == {"owner": "git", "uri": "ghcr.io/acme/orders:v1", "credentials": "develop/orders/ghcr"}
    assert found["sidecars"][0]["credentials"] == "orders/proxy"
    assert "credentials" not in service_inputs()["image"]


def test_tasks_with_a_former_login_may_start_until_they_are_gone() -> None:
    running = {"orders/ghcr", "orders/proxy", "orders/former"}
    found = inputs_of(instance(with_field(f"{GHCR}\n  {PROXY}")), running_secrets=running)
    assert found["admitted_secrets"] == ["orders/former"]
