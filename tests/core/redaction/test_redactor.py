"""The redactor: secrets are masked, other text stays readable, and a second redaction changes nothing."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.redaction.redactor import Redactor

KEY = b"a key for tests"
MARK = re.compile("\u2039redacted:[0-9a-f]{8}\u203a")
redactor = Redactor(KEY)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
literals = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), min_size=8, max_size=20).filter(
    lambda literal: literal not in "redacted:"
)
scraps = st.sampled_from(
    [
        "password=",
        "token: ",
        '"',
        "'",
        "\\",
        "Bearer ",
        "https://",
        "@",
        ":",
        "AKIAIOSFODNN7EXAMPLE",
        " ",
        "\n",
        "secret_x=",
    ]
)


def test_a_mark_is_stable_and_shows_changes() -> None:
    assert MARK.fullmatch(redactor.mark("hunter2"))
    assert redactor.mark("hunter2") == Redactor(KEY).mark("hunter2")
    assert redactor.mark("hunter2") != redactor.mark("hunter3")
    assert redactor.mark("hunter2") != Redactor(b"another key").mark("hunter2")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("using AKIAIOSFODNN7EXAMPLE now", "AKIAIOSFODNN7EXAMPLE"),
        ("id=ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
        ("secret_value=abc/def+gh==", "abc/def"),
        ("secretAccessKey: wJalrXUtnFEMI", "wJalrXUtnFEMI"),
        ("password=hunter2", "hunter2"),
        ("PGPASSWORD=hunter2 psql", "hunter2"),
        ("password = \"correct horse 'battery'\"", "horse"),
        ('{"db_password": "pa\\"ss word"}', "ss word"),
        ('{\\"password\\":\\"hunter2\\"}', "hunter2"),
        ("password: hunter2", "hunter2"),
        ("token: 9f8e7d6c5b", "9f8e7d6c5b"),
        ("Authorization: Bearer abc.def-ghi", "abc.def"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("sent bearer abcdef123456", "abcdef123456"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-nature done", "eyJzdWIi"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ("cut off: -----BEGIN EC PRIVATE KEY-----\nMHcC", "MHcC"),
        ("fetch https://user:p@ss@git.example/x.git failed", "p@ss"),
        ("fetch https://x9f8d7token@git.example/x.git failed", "x9f8d7token"),
        ("GET /?X-Amz-Signature=0123abcd&X=1", "0123abcd"),
        ("slack xoxb-1234567890-abcdef", "xoxb-1234567890"),
        ("post https://hooks.slack.com/services/T0/B0/abcDEF", "abcDEF"),
        ("github ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abc"),
        ("github github_pat_11ABCDEFG0abcdefghijkl", "github_pat_11"),
        ("gitlab glpat-abcdefghijklmnopqrst", "glpat-abc"),
        ('[{"name":"DB","value":"opaque words"}]', "opaque"),
        ('"[{\\"name\\":\\"DB\\",\\"value\\":\\"opaque words\\"}]"', "opaque"),
        ("secret_name=AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_a_text_in_the_form_of_a_credential_is_masked(text: str, secret: str) -> None:
    masked = redactor.text(text)
    assert secret not in masked
    assert MARK.search(masked)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aws_ecs_service.this: Modifying... [id=arn:aws:ecs:eu-central-1:111122223333:service/develop/orders]",
        "Error: creating Secrets Manager Secret: AccessDeniedException: not authorized: secretsmanager:CreateSecret",
        "valueFrom: arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/database-url-AbCdEf",
        "secret_arn = arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/database-url-AbCdEf",
        "secrets: {DATABASE_URL: orders/database-url}",
        "manage_master_user_password = true",
        "password = (sensitive value)",
        "password_length = 16",
        'secret_name = "orders/database-url"',
        "Error: Unexpected token: found end of file",
        "Error: invalid credentials: check the role",
        "basic authentication is off; bearer authentication is on",
        "image 111122223333.dkr.ecr.eu-central-1.amazonaws.com/develop/orders:3f9c2d1",
        "commit 3f9c2d1a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e applied in 12.5s",
        "cloning ssh://git@git.example/manifests.git and git@git.example:manifests.git",
        "services/orders.yaml:12:7: port: 010 is ambiguous (8 or 10): write 10, or quote it",
        "https://docs.example/x?page=2#anchor",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "vpc_id = aws_vpc.this.id, token = var.token",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redactor.text(text) == text


def test_known_secrets_are_masked_in_every_spelling() -> None:
    known = redactor.with_literals('s3cr"t / ü&word')
    for spelling in (
        's3cr"t / ü&word',
        's3cr\\"t / \\u00fc&word',
        "s3cr%22t%20%2F%20%C3%BC%26word",
        "s3cr%22t+%2F+%C3%BC%26word",
    ):
        assert "word" not in known.text(f"before {spelling} after")
    assert known.text("nothing here") == "nothing here"


def test_terraforms_marks_are_honoured() -> None:
    value = {"name": "orders", "auth": [{"user": "u", "pin": "4711"}], "all": {"a": 1}, "empty": None}
    masked = redactor.value(value, {"auth": [{"pin": True}], "all": True})
    assert masked == {
        "name": "orders",
        "auth": [{"user": "u", "pin": redactor.mark("4711")}],
        "all": redactor.mark({"a": 1}),
        "empty": None,
    }


def test_a_mask_that_does_not_fit_masks_the_whole_value() -> None:
    assert redactor.value({"list": "text"}, {"list": [True]}) == {"list": redactor.mark("text")}
    assert redactor.value([1], {"a": True}) == redactor.mark([1])


def test_names_of_credentials_mask_their_value() -> None:
    value = {"master_password": "x y", "apiKey": 4711999, "secret_arn": "arn:aws:x", "password": "", "tokens": ["a"]}
    assert redactor.value(value) == {
        **value,
        "master_password": redactor.mark("x y"),
        "apiKey": redactor.mark(4711999),
    }


CONTAINERS: list[dict[str, Any]] = [
    {
        "name": "orders",
        "image": "registry/orders:1",
        "environment": [{"name": "LOG_LEVEL", "value": "info"}],
        "secrets": [
            {"name": "DATABASE_URL", "valueFrom": "arn:aws:secretsmanager:eu-central-1:1:secret:orders/db-AbCdEf"}
        ],
    }
]


def test_the_environment_of_containers_is_masked_and_their_secrets_arns_stay() -> None:
    expected = [{**CONTAINERS[0], "environment": [{"name": "LOG_LEVEL", "value": redactor.mark("info")}]}]
    assert redactor.container_definitions(CONTAINERS) == expected
    assert json.loads(redactor.container_definitions(json.dumps(CONTAINERS))) == expected
    assert (
        json.loads(redactor.value({"container_definitions": json.dumps(CONTAINERS)})["container_definitions"])
        == expected
    )


def test_container_definitions_that_cannot_be_read_are_masked_whole() -> None:
    assert redactor.container_definitions("[{broken hunter2") == redactor.mark("[{broken hunter2")


def test_excessive_nesting_is_masked_and_raises_nothing() -> None:
    deep: Any = "hunter2"
    for _ in range(5000):
        deep = [deep]
    assert MARK.fullmatch(redactor.value(deep))
    assert MARK.fullmatch(redactor.container_definitions("[" * 100_000))


@given(text=st.text() | st.lists(scraps | st.text(max_size=6), max_size=12).map("".join))
@settings(max_examples=200, deadline=None)
def test_law_a_second_redaction_changes_nothing(text: str) -> None:
    once = redactor.text(text)
    assert redactor.text(once) == once


@given(
    literal=literals,
    parts=st.lists(scraps | st.text(max_size=6), max_size=6),
    places=st.lists(st.integers(0, 6), min_size=1, max_size=3),
)
@settings(max_examples=150, deadline=None)
def test_law_no_known_secret_survives_in_text(literal: str, parts: list[str], places: list[int]) -> None:
    for place in places:
        parts.insert(place, literal)
    known = redactor.with_literals(literal)
    masked = known.text("".join(parts))
    assert literal not in masked
    assert known.text(masked) == masked


@given(literal=literals, value=json_values, mask=json_values)
@settings(max_examples=150, deadline=None)
def test_law_no_known_secret_survives_in_values(literal: str, value: Any, mask: Any) -> None:
    known = redactor.with_literals(literal)
    planted = {
        "a": [value, literal],
        f"x{literal}y": {"container_definitions": json.dumps([{"command": [literal], "x": value}])},
    }
    once = known.value(planted, mask)
    assert literal not in json.dumps(once, ensure_ascii=False)
    assert json.dumps(literal)[1:-1] not in json.dumps(once)
    assert known.value(once, mask) == once


@pytest.mark.parametrize(
    ("text", "before", "secret", "after"),
    [
        ("sent bearer abcdef123456 on", "sent bearer ", "abcdef123456", " on"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ", "abc.def-ghi", ""),
        ("password='hunter2' x", "password='", "hunter2", "' x"),
        ("password=hunter2 x", "password=", "hunter2", " x"),
        ('{"db_password": "pass word"}', '{"db_password": "', "pass word", '"}'),
        ('password="" x', 'password=""', "", " x"),
        ("fetch https://user:pass@host/x", "fetch https://", "user:pass", "@host/x"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789.", "", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "."),
        ('[{"name":"DB","value":"opaque words"}]', '[{"name":"DB","value":"', "opaque words", '"}]'),
    ],
)
def test_a_mark_takes_the_place_of_the_secret_and_of_nothing_else(
    text: str, before: str, secret: str, after: str
) -> None:
    assert redactor.text(text) == before + (redactor.mark(secret) if secret else "") + after


def test_known_secrets_of_any_letters_are_masked_as_json_and_urls_write_them() -> None:
    known = redactor.with_literals("pä/ss wörd", "surro\ud800gate")
    for text in ("pä/ss wörd", "p\\u00e4/ss w\\u00f6rd", "p%C3%A4%2Fss%20w%C3%B6rd", "p%C3%A4%2Fss+w%C3%B6rd"):
        assert MARK.fullmatch(known.text(text)), text
    assert MARK.fullmatch(known.text("surro\ud800gate"))
    assert MARK.fullmatch(known.text("surro%3Fgate"))


def test_container_definitions_keep_their_form_and_their_letters() -> None:
    text = '[{"name":"ä","environment":[{"name":"A","value":"x"}],"image":"i"}]'
    mark = redactor.mark("x")
    expected = f'[{{"name":"ä","environment":[{{"name":"A","value":"{mark}"}}],"image":"i"}}]'
    assert redactor.container_definitions(text) == expected


@pytest.mark.parametrize(
    ("plain", "hidden"),
    [("password=hunter2 and more", True), ("just some words and more", False), ("\xff\xfe no text at all ..", False)],
)
def test_a_credential_in_base64_is_masked_whole(plain: str, hidden: bool) -> None:
    encoded = base64.b64encode(plain.encode("latin-1")).decode()
    assert redactor.value(encoded) == (redactor.mark(encoded) if hidden else encoded)
