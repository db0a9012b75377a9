"""Environment variables in plans: what Git says in the open is shown, and everything else is hidden."""

from collections.abc import Mapping
from typing import Any

from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from tests.core.documents import change, document
from tests.core.plan.test_read import containers

REDACTOR = Redactor(b"a key for tests")


def test_a_variable_that_git_says_in_the_open_is_shown_and_hashed_as_before() -> None:
    def sides(before: str, after: str, name: str = "LOG_LEVEL") -> dict[str, Any]:
        given = [{"container_definitions": containers(environment={name: value})} for value in (before, after)]
        return document(change("aws_ecs_task_definition.this", ["update"], *given))

    def shown(plan: dict[str, Any], *in_git: Mapping[str, str]) -> tuple[Any, Any]:
        ((_, both),) = read(plan, REDACTOR, in_git=[{"env": one} for one in in_git]).changes[0].attributes.items()
        return both

    plan, mark = sides("info", "debug"), REDACTOR.mark
    assert shown(plan, {"LOG_LEVEL": "debug"}, {"LOG_LEVEL": "info"}) == ("info", "debug")
    assert shown(plan, {"LOG_LEVEL": "debug"}) == (mark("info"), "debug"), "set by hand, as far as Git says"
    assert shown(plan, {"LEVEL": "debug"}) == shown(plan) == (mark("info"), mark("debug"))
    assert read(plan, REDACTOR, in_git=[{"env": {"LOG_LEVEL": "debug"}}]).digest == read(plan, REDACTOR).digest
    for name, value in [("DB_PASS", "debug"), ("URL", "https://a:b1c2d3@host.example")]:
        assert shown(sides("info", value, name), {name: value}) == (mark("info"), mark(value))
    marked = plan | {"variables": {"level": {"value": "debug"}}}
    marked |= {"configuration": {"root_module": {"variables": {"level": {"sensitive": True}}}}}
    assert shown(marked, {"LOG_LEVEL": "debug"}) == (mark("info"), mark("debug")), "Terraform says that it is sensitive"


def test_variables_of_a_function_and_of_a_build_are_hidden_and_open_like_those_of_a_container() -> None:
    function = {"environment": [{"variables": {"LEVEL": "debug", "OTHER": "words"}}]}
    build = {"environment": [{"environment_variable": [{"name": "LEVEL", "type": "PLAINTEXT", "value": "debug"}]}]}
    created = [change("aws_x.a", ["create"], None, function), change("aws_x.b", ["create"], None, build)]
    one, other = read(document(*created), REDACTOR, in_git=[{"variables": {"env": {"LEVEL": "debug"}}}]).changes
    _, [found] = one.attributes["environment"]
    assert found["variables"] == {"LEVEL": "debug", "OTHER": REDACTOR.mark("words")}
    _, [found] = other.attributes["environment"]
    assert found["environment_variable"] == [{"name": "LEVEL", "type": "PLAINTEXT", "value": "debug"}]
    answer = {"environment": {"old": None, "new": one.attributes["environment"][1], "redacted": True}}
    assert REDACTOR.value(answer) == answer, "the API redacts once more, and shows the same"
