"""One-off tasks in the OpenAPI document."""

from reconciler.web.api import openapi_audit
from reconciler.web.api.schema import (
    FLAG,
    NUMBER,
    TEXT,
    Schema,
    array,
    closed_object,
    error,
    get,
    key_parameters,
    known,
    nullable,
    query,
)


def paths() -> Schema:
    """Return the paths of one-off tasks."""
    one = "/api/v1/instances/{environment}/{name}"
    body = {field: openapi_audit.line(field) for field in ("by", "command", "reason")}
    seen = {
        "key": TEXT, "task": TEXT, "ended": FLAG, "exit_code": nullable(NUMBER), "message": TEXT, "lines": array(TEXT),
        "after": nullable(TEXT),
    }  # fmt: skip
    refusals = {code: error() for code in ("400", "401", "403", "409")}
    of_task = [*key_parameters(), {"name": "task", "in": "path", "required": True, "schema": TEXT}]
    return {
        f"{one}/run-task": {
            "post": {
                "operationId": "runTask",
                "summary": "Run a command once in a task of its own; over TCP with the bearer token",
                "security": [{"token": []}],
                "parameters": key_parameters(),
                "requestBody": {"content": {"application/json": {"schema": closed_object(body, required=[])}}},
                "responses": known(closed_object({"key": TEXT, "task": TEXT}))
                | refusals
                | {code: error() for code in ("408", "413", "415", "503")},
            }
        },
        f"{one}/tasks/{{task}}": get(
            "task",
            "A one-off task as it is now, with the lines of its log since `after`",
            known(closed_object(seen)) | refusals,
            [*of_task, query("after", "What the answer before said", TEXT)],
            security=[{"token": []}],
        ),
    }
