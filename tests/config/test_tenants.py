"""Tenants in the configuration: closed by default, and each mistake has its place."""

import textwrap
from pathlib import Path

import pytest

from desired_state.snapshot import build
from desired_state.tenants.tenant import Tenant
from reconciler.config.models import ConfigFailed
from reconciler.config.openings import openings
from reconciler.core.code.allowances import Allowances, install_only
from tests.config.configuration import DEVELOP, problems, read
from tests.desired_state.manifests import example_files

SHOP = "shop: {paths: [teams/shop/], environments: [develop]}"
ENVIRONMENTS = f"environments: {{{DEVELOP}}}\n"


def tenants(text: str) -> str:
    """Return a configuration with this tenant."""
    shop = f"{{paths: [teams/shop/], environments: [develop], {text}}}"
    return f"{ENVIRONMENTS}git: {{directory: .}}\ntenants:\n  shop: {shop}\n"


def test_a_tenant_of_two_lines_has_its_own_names_and_nothing_else() -> None:
    found = read(f"{ENVIRONMENTS}tenants: {{{SHOP}}}\n").tenancy()
    assert found is not None
    assert found.by_name == {"shop": Tenant("shop", ("teams/shop/",), ("develop",))}
    assert found.environments == {"develop"}
    assert found.by_name["shop"].own_names == ("shop", "shop-*")
    assert not any(found.by_name["shop"].may_run(root) for root in ("account", "platform", "service", "queue"))


def test_the_roots_of_a_tenant_may_do_what_it_is_allowed_itself_in_place_of_what_all_are() -> None:
    common = "terraform: {allow: {provisioners: true}}\n"
    found = read(common + tenants("allow: {providers: [hashicorp/random]}")).allowances()
    assert found.of("shop") == Allowances(providers=frozenset({"hashicorp/random"}))
    assert found.of("bank") == found.of(None) == Allowances(provisioners=True)
    assert "registry.terraform.io/hashicorp/random" in install_only(found)
    assert read(common + tenants("")).allowances().of("shop") == Allowances(provisioners=True)


def test_without_tenants_there_is_no_tenancy() -> None:
    assert read(ENVIRONMENTS).tenancy() is None


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("colour: red", "tenants.shop.colour", "unknown key"),
        ("paths: [/teams/shop/]", "tenants.shop.paths.0", "must be a path below git.path"),
        ("paths: [teams/../shop/]", "tenants.shop.paths.0", "must be a path below git.path"),
        ("paths: []", "tenants.shop.paths", "must have at least one entry"),
        ("names: [sh*op]", "tenants.shop.names.0", "must be a name"),
        ("names: [Shop]", "tenants.shop.names.0", "must be a name"),
        ("registries: ['public.ecr.aws*']", "tenants.shop.registries.0", "must be registry/repository"),
        ("registries: ['*']", "tenants.shop.registries.0", "must be registry/repository"),
        ("routes: ['/orders/*']", "tenants.shop.routes.0", "must be the beginning of paths"),
        ("routes: [/orders/]", "tenants.shop.routes.0", "must be the beginning of paths"),
        ("repositories: ['*/shop']", "tenants.shop.repositories.0", "must be owner/name"),
        ("secrets: [/develop/payments]", "tenants.shop.secrets.0", "must be the name of a secret"),
        ("kinds: [Pod]", "tenants.shop.kinds.0", "must be 'Platform', 'Service', 'Module' or 'Job'"),
        ("tasks: 0", "tenants.shop.tasks", "must be at least 1"),
        ("roots: [queue]", "tenants.shop", "roots are of Modules"),
    ],
)
def test_a_mistake_has_its_place_and_says_what_is_allowed(text: str, key: str, message: str) -> None:
    text = tenants(text).replace("paths: [teams/shop/], ", "") if text.startswith("paths") else tenants(text)
    (found,) = problems(text)
    assert found.startswith("reconciler.yaml:")
    assert f": {key}: " in found
    assert message in found


def test_an_environment_that_is_not_configured_is_named_with_the_choices() -> None:
    settings = read(tenants("").replace("[develop]", "[develop, pord]"))
    with pytest.raises(ConfigFailed, match=r"tenants\.shop\.environments: 'pord' is not configured"):
        settings.check_runnable()


def test_what_is_left_open_is_listed_with_the_setting_that_closes_it() -> None:
    prod = 'prod: {account: "111122223333", region: eu-central-1, tier: prod, floor: {mode: auto}}'
    weak = "http: {host: 0.0.0.0, open: [metrics]}\nauth: {token: a-token-of-this-test, plain_http: true}\n"
    settings = read(f"environments: {{{prod}}}\n{weak}")
    found = [line.split(":")[0] for line in openings(settings)]
    open_to_all = {"http.open", "auth.token", "auth.plain_http"}
    assert {"tenants", "environments.prod.floor.mode", "policy.command"} | open_to_all <= set(found)


def test_the_floor_of_production_is_open_only_where_its_settings_open_it() -> None:
    prod = 'prod: {{account: "111122223333", region: eu-central-1, tier: prod, floor: {{{}}}}}'

    def opened(floor: str) -> list[str]:
        found = openings(read(f"environments: {{{prod.format(floor)}}}\n"))
        return [line.split(":")[0].rpartition(".")[2] for line in found if ".floor." in line]

    assert opened("") == ["prune"], "production is closed by default"
    assert opened("prune: false") == []
    everything = "mode: auto, author_may_approve: true, observe: true, suspend: true"
    assert opened(everything) == ["mode", "author_may_approve", "observe", "suspend", "prune"]


def test_grants_that_open_a_tenant_are_listed() -> None:
    text = tenants("names: ['*'], kinds: [Module], roots: ['*', account], imports: true")
    found = [line.split(":")[0] for line in openings(read(text))]
    assert found[:4] == ["tenants.shop.roots", "tenants.shop.names", "tenants.shop.roots", "tenants.shop.imports"]
    assert "tenants" not in found


EXAMPLES = """\
tenants:
  platform:
    paths: [platforms/, account.yaml]
    environments: [develop, test, qa, prod, account]
    kinds: [Platform, Module]
    names: [platform, account]
    roots: [account]
  shop:
    paths: [services/orders.yaml, services/catalog.yaml]
    environments: [develop, test, qa, prod]
    names: [orders, catalog]
    depends_on: [payments]
  payments:
    paths: [services/payments.yaml, services/ledger.yaml]
    environments: [develop, test, qa, prod]
    names: [payments, ledger]
    registries: [public.ecr.aws/aws-observability/*]
"""


def test_the_example_repository_needs_few_grants() -> None:
    tenants = read(EXAMPLES).tenancy()
    found = build(commit="c", files=example_files(), roots={}, environments=None, tenants=tenants)
    assert found.problems == ()
    closed = read(EXAMPLES.replace("    roots: [account]\n", "")).tenancy()
    (problem,) = build(commit="c", files=example_files(), roots={}, environments=None, tenants=closed).problems
    assert "may not run the root account, which has to be named in full" in problem.message


def test_the_example_of_the_reference_can_be_loaded() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    block = page.partition("\n    tenants:\n")[2].partition("\n\n")[0]
    found = read(textwrap.dedent(f"    tenants:\n{block}\n"))
    assert set(found.tenants) == {"platform", "shop"}


def test_tenants_can_be_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    tenants = '{"shop": {"paths": ["teams/shop/"], "environments": ["develop"]}}'
    monkeypatch.setenv("RECONCILER__TENANTS", tenants)
    found = read(ENVIRONMENTS).tenancy()
    assert found is not None
    assert found.by_name == {"shop": Tenant("shop", ("teams/shop/",), ("develop",))}
