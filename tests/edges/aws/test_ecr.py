"""The choice of an image and of its tag."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, AwsFailed, Place
from reconciler.edges.aws.ecr import best_tag, has_image, image_uri, newest_tag

KEY = Key("develop", "orders")
DEVELOP = Environment("develop", "develop", "123456789012", "eu-central-1")
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Registry(AwsClients):
    """A registry that answers page by page."""

    def __init__(self, *pages: list[dict[str, Any]], code: str = "") -> None:
        super().__init__()
        self.pages = pages
        self.code = code
        self.requests: list[Mapping[str, Any]] = []

    async def call(self, place: Place, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        self.requests.append(parameters)
        if self.code:
            raise AwsFailed(self.code, "no", operation=operation)
        page = int(parameters.get("nextToken", 0))
        more = {"nextToken": str(page + 1)} if page + 1 < len(self.pages) else {}
        return {"imageDetails": self.pages[page], **more}


def image(*tags: str, minutes: int = 0) -> dict[str, Any]:
    return {
        "imageDigest": f"sha256:{'-'.join(tags)}",
        "imageTags": list(tags),
        "imagePushedAt": T0 + timedelta(minutes=minutes),
    }


def test_image_uri_contains_account_region_and_key() -> None:
    assert image_uri(KEY, DEVELOP, ":a1") == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/develop/orders:a1"
    china = Environment("prod", "prod", "1", "cn-north-1", partition="aws-cn")
    assert image_uri(KEY, china, ":a1") == "1.dkr.ecr.cn-north-1.amazonaws.com.cn/develop/orders:a1"


@pytest.mark.parametrize(
    ("tags", "best"),
    [
        (("latest", "3f9c2d1"), "3f9c2d1"),
        (("v1.2.0", "3f9c2d1", "latest"), "3f9c2d1"),
        (("main-3f9c2d1", "main"), "main-3f9c2d1"),
        (("develop-3f9c2d1", "latest-3f9c2d1", "3f9c2d1"), "3f9c2d1"),
        (("3f9c2d1", "3f9c2d1a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e"), "3f9c2d1a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e"),
        (("latest", "v1.2.0"), "v1.2.0"),
        (("deployed-release-1", "release-1"), "release-1"),
        (("latest",), "latest"),
        (("awaiting-first-image",), None),
        ((f"sha256-{'ab' * 32}.sig",), None),
        ((), None),
    ],
)
def test_best_tag_is_the_one_least_likely_to_move(tags: tuple[str, ...], best: str | None) -> None:
    assert best_tag({"imageTags": list(tags)}) == best


async def test_the_image_pushed_last_is_found_on_any_page() -> None:
    signature = image(f"sha256-{'cd' * 32}.sig", minutes=9)
    registry = Registry(
        [image("aaaaaaa", minutes=1)], [image("ccccccc", minutes=5), signature], [image("bbbbbbb", minutes=3)]
    )
    assert await newest_tag(registry, KEY, DEVELOP) == "ccccccc"
    assert [request["repositoryName"] for request in registry.requests] == ["develop/orders"] * 3


async def test_an_empty_repository_has_no_image() -> None:
    assert await newest_tag(Registry([]), KEY, DEVELOP) is None


@pytest.mark.parametrize("code", ["RepositoryNotFoundException", "ImageNotFoundException"])
async def test_a_missing_repository_or_image_is_not_a_failure(code: str) -> None:
    assert await newest_tag(Registry(code=code), KEY, DEVELOP) is None
    assert not await has_image(Registry(code=code), KEY, DEVELOP, ":a1")


async def test_a_refused_call_is_not_a_missing_image() -> None:
    with pytest.raises(AwsFailed, match="AccessDenied"):
        await has_image(Registry(code="AccessDeniedException"), KEY, DEVELOP, ":a1")
    with pytest.raises(AwsFailed, match="AccessDenied"):
        await newest_tag(Registry(code="AccessDeniedException"), KEY, DEVELOP)
