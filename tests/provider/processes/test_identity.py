"""Runs share a process exactly if their keys are equal, and the key covers everything that the process gets."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.provider.processes.credentials import fingerprint, names_relative_file, runs_programs
from reconciler.provider.processes.identity import Configured, Place, provider_environment, works_in_directory

relevant = st.sampled_from(
    ["AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_ANYTHING_NEW", "HOME", "HTTPS_PROXY", "no_proxy",
     "SSL_CERT_FILE", "PATH", "TF_APPEND_USER_AGENT"]
)  # fmt: skip
other = st.sampled_from(["SHLVL", "PWD", "TERM", "TF_VAR_secret", "TF_LOG", "GITHUB_TOKEN", "OLDPWD"])
text = st.text(alphabet="abc=/ \n", max_size=6)
environments = st.dictionaries(relevant | other, text, max_size=8)


def place(environment: Mapping[str, str], *, package: str = "h1:a", directory: str | None = None) -> Place:
    return Place("/providers/aws", package, provider_environment(environment), directory)


def configured(environment: Mapping[str, str], request: bytes = b"r", files: tuple[tuple[str, str], ...] = ()) -> str:
    return Configured(place(environment), files, request).key("Configure")


@given(environments, environments)
def test_places_are_equal_exactly_if_the_providers_environment_is(one: dict[str, str], two: dict[str, str]) -> None:
    assert (place(one).key == place(two).key) == (provider_environment(one) == provider_environment(two))


@given(environments, other, text)
def test_variables_that_do_not_reach_the_provider_do_not_count(
    environment: dict[str, str], name: str, value: str
) -> None:
    assert configured(environment) == configured(environment | {name: value})
    assert name not in dict(provider_environment(environment | {name: value}))


@given(environments, relevant, text)
def test_any_change_of_a_relevant_variable_is_another_identity(
    environment: dict[str, str], name: str, value: str
) -> None:
    same = environment.get(name) == value
    assert (configured(environment) == configured(environment | {name: value})) == same


@given(environments)
def test_the_order_of_an_environment_does_not_matter(environment: dict[str, str]) -> None:
    assert configured(environment) == configured(dict(reversed(environment.items())))


@given(st.binary(max_size=20), st.binary(max_size=20), st.lists(st.tuples(text, text), max_size=3))
def test_request_and_files_are_part_of_the_identity(one: bytes, two: bytes, files: list[tuple[str, str]]) -> None:
    assert (configured({}, one) == configured({}, two)) == (one == two)
    assert (configured({}, files=tuple(files)) == configured({})) == (not files)


def test_adjacent_texts_are_hashed_separately() -> None:
    assert configured({"AWS_A": "1", "AWS_B": "2"}) != configured({"AWS_A": "1AWS_B2"})
    assert place({"AWS_A": "x"}, package="h1:a").key != place({"AWS_A": "x"}, package="h1:b").key
    assert place({}, directory="/w").key != place({}).key


def test_a_package_is_the_same_place_at_any_path() -> None:
    assert Place("/a/aws", "h1:x", ()).key == Place("/b/aws", "h1:x", ()).key


def test_responses_to_different_methods_have_different_keys() -> None:
    identity = Configured(place({}), (), b"r")
    assert identity.key("Configure") != identity.key("PrepareProviderConfig")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-25T10:00:00Z", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25T12:00:00+02:00", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25T10:00:00", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_session_credentials_expire_at_their_expiration(value: str, moment: datetime | None) -> None:
    assert place({"AWS_CREDENTIAL_EXPIRATION": value}).expires == moment


def test_the_provider_of_a_root_that_uploads_files_works_in_its_directory() -> None:
    assert works_in_directory({"aws_lambda_function", "filename"})
    assert works_in_directory(None)
    assert not works_in_directory({"aws_ecs_service"})


class TestFiles:
    """Files with credentials are part of the identity."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        (tmp_path / ".aws" / "sso" / "cache").mkdir(parents=True)
        return tmp_path

    def read(self, home: Path, environment: Mapping[str, str] | None = None, *mentioned: str) -> dict[str, str]:
        return dict(fingerprint({"HOME": str(home), **(environment or {})}, home / "work", mentioned))

    @pytest.mark.parametrize("name", [".aws/config", ".aws/credentials", ".aws/sso/cache/0.json"])
    def test_the_default_files_count_by_content(self, home: Path, name: str) -> None:
        nothing = self.read(home)
        (home / name).write_text("one")
        one = self.read(home)
        (home / name).write_text("two")
        assert len({tuple(found.items()) for found in (nothing, one, self.read(home))}) == 3

    def test_a_file_that_the_environment_names_counts(self, home: Path) -> None:
        token = home / "token"
        token.write_text("a")
        before = self.read(home, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token)})
        token.write_text("b")
        assert self.read(home, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}) != before

    def test_a_file_that_a_profile_names_counts(self, home: Path) -> None:
        (home / "token").write_text("a")
        (home / ".aws" / "config").write_text(f"[profile x]\nweb_identity_token_file = {home}/token\nca_bundle=~/ca\n")
        (home / "ca").write_text("c")
        before = self.read(home)
        assert {str(home / "token"), str(home / "ca")} <= set(before)
        (home / "token").write_text("b")
        assert self.read(home) != before

    def test_a_file_that_the_configuration_names_counts(self, home: Path) -> None:
        (home / "work").mkdir()
        (home / "work" / "shared").write_text("a")
        assert str(home / "work" / "shared") in self.read(home, {}, "shared", "eu-west-1")
        assert names_relative_file(home / "work", ["eu-west-1", "shared"])
        assert not names_relative_file(home / "work", ["eu-west-1", str(home / "work" / "shared")])

    def test_credentials_from_a_program_make_the_whole_environment_count(self, home: Path) -> None:
        environment = {"HOME": str(home), "VAULT_ADDR": "a", "SHLVL": "2", "TF_VAR_x": "y"}
        assert not runs_programs(environment, home)
        (home / ".aws" / "config").write_text("[default]\ncredential_process = vault-helper\n")
        assert runs_programs(environment, home)
        assert set(dict(provider_environment(environment, whole=True))) == {"HOME", "VAULT_ADDR"}
        assert set(dict(provider_environment(environment))) == {"HOME"}

    def test_texts_that_are_not_paths_are_ignored(self, home: Path) -> None:
        assert self.read(home, {"AWS_A": "x" * 9000, "AWS_B": "a\nb"}, "nul\0", "", ".", "~") == {}

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_an_unreadable_file_is_ignored(self, home: Path) -> None:
        (home / ".aws" / "config").touch(mode=0)
        assert self.read(home) == {}
