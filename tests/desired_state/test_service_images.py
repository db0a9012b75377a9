"""The image of a service: one version, of the service's own registry or of another one, which is guarded."""

from typing import Any

import pytest

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.checks.loosened import LOOSENINGS
from desired_state.instance import Key
from desired_state.kinds.container.image import Image
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import quote
from tests.desired_state.manifests import build_from, messages, platform, problems_of, service, to_yaml, valid
from tests.desired_state.tenants import FILE, attempt, own

DIGEST = f"sha256:{'0' * 64}"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/proxy"


def image_of(**fields: Any) -> Image:
    spec = valid(service(image=fields)).spec
    assert isinstance(spec, ServiceSpec)
    assert spec.image is not None
    return spec.image


@pytest.mark.parametrize(
    ("fields", "elsewhere", "version"),
    [
        ({"tag": "3f9c2d1"}, None, ":3f9c2d1"),
        ({"digest": DIGEST}, None, f"@{DIGEST}"),
        ({"repository": "docker.io/library/nginx", "tag": "1.27"}, "docker.io/library/nginx:1.27", ":1.27"),
        ({"repository": "ghcr.io/a/b", "digest": DIGEST, "credentials": "orders/ghcr"}, f"ghcr.io/a/b@{DIGEST}", ""),
        ({"repository": "registry.example:5000/a", "tag": "1"}, "registry.example:5000/a:1", ":1"),
        ({"repository": ECR, "tag": "1"}, f"{ECR}:1", ":1"),
    ],
)
def test_an_image_is_of_the_own_registry_or_of_any_other(
    fields: dict[str, Any], elsewhere: str | None, version: str
) -> None:
    image = image_of(**fields)
    assert image.elsewhere == elsewhere
    assert image.version.startswith(version)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ({}, "an image needs a version: add tag or digest"),
        ({"tag": "1", "digest": DIGEST}, "tag and digest both name a version: remove one"),
        ({"digest": "sha256:1"}, '"sha256:1" is not a digest: write sha256: and 64 hexadecimal digits'),
        (
            {"repository": "nginx", "tag": "1"},
            '"nginx" names no registry: on Docker Hub this is docker.io/library/nginx',
        ),
        (
            {"repository": "grafana/loki", "tag": "1"},
            '"grafana/loki" names no registry: on Docker Hub this is docker.io/grafana/loki',
        ),
        ({"repository": "ghcr.io/a/b:1", "tag": "1"}, '"ghcr.io/a/b:1" has a tag: write it as tag: "1"'),
        (
            {"repository": f"ghcr.io/a/b@{DIGEST}", "tag": "1"},
            f"{quote(f'ghcr.io/a/b@{DIGEST}')} has a digest: write it as digest: {quote(DIGEST)}",
        ),
        (
            {"repository": "ghcr.io/A/b", "tag": "1"},
            '"ghcr.io/A/b" is not the repository of an image: write registry/repository, in lower case',
        ),
        (
            {"tag": "1", "credentials": "orders/ghcr"},
            "the service's own registry needs no credentials: remove them, or add repository",
        ),
        (
            {"repository": ECR, "tag": "1", "credentials": "orders/ghcr"},
            f'ECR takes no credentials: remove them; the service\'s execution role may pull "{ECR}"',
        ),
    ],
)
def test_a_wrong_image_is_explained(image: dict[str, Any], message: str) -> None:
    assert problems_of(service(image=image)) == [message]


def test_what_loosens_a_default_is_refused_where_the_configuration_does_not_allow_it() -> None:
    manifest = service(environments=["qa"], image={"repository": "docker.io/library/nginx", "tag": "1"})
    loosened = {"foreign-image": "an image that the service's own registry neither scanned nor keeps"}
    assert loosened.items() <= {each.name: each.does for each in LOOSENINGS}.items()
    for allowed in (None, frozenset({"other"}), frozenset(loosened)):
        qa = {"qa": EnvironmentFacts("qa", allowed)}
        snapshot = build_from(platform("qa"), manifest, environments=qa)
        accepted = allowed is not None and allowed >= loosened.keys()
        assert (Key("qa", "orders") in snapshot.instances) == accepted
        assert messages(snapshot.problems) == [
            f"{does} is not allowed in qa (tier qa): remove it, or have {name} added to environments.qa.allow of the "
            "daemon's configuration"
            for name, does in loosened.items()
            if not accepted
        ]


@pytest.mark.parametrize(
    ("changes", "message", "line"),
    [
        (
            {"image": {"repository": "docker.io/evil/miner", "tag": "1"}},
            'may not run the image "docker.io/evil/miner:1"',
            "docker.io",
        ),
        (
            {"image": {"repository": "public.ecr.aws/aws-observability/x", "tag": "1", "credentials": "orders/x"}},
            'may not read "orders/x"',
            "orders/x",
        ),
        (
            {"sidecars": [{"name": "a", "image": "public.ecr.aws/aws-observability/x:1", "credentials": "orders/x"}]},
            'may not read "orders/x"',
            "orders/x",
        ),
    ],
)
def test_a_tenant_runs_no_image_and_uses_no_login_that_it_was_not_granted(
    changes: dict[str, Any], message: str, line: str
) -> None:
    outcome = attempt({FILE: to_yaml(own(**changes))})
    assert Key("develop", "intruder") not in outcome.after.instances
    assert [line in found for found in outcome.lines(message)] == [True]
    outcome.check_others()
