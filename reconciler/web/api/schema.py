"""Parts that descriptions of the API are made of: schemas, parameters, answers."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}


def get(name: str, summary: str, responses: Schema, parameters: list[Schema] | None = None, **more: Any) -> Schema:
    """Return a GET operation."""
    operation = {"operationId": name, "summary": summary, "responses": responses, **more}
    return {"get": operation | ({"parameters": parameters} if parameters else {})}


def known(schema: Schema) -> Schema:
    """Return the answers of a route about one known thing."""
    return {"200": answer("As it is now", schema), "404": error()}


def paged(schema: Schema) -> Schema:
    """Return the answers of a list in pages."""
    return {"200": answer("In order", schema), "400": error()}


def answer(description: str, schema: Schema) -> Schema:
    """Return an answer of this schema."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def error() -> Schema:
    """Return the answer of an error."""
    return {"$ref": "#/components/responses/Error"}


def key_parameters() -> list[Schema]:
    """Return the parameters of an instance in a path."""
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in ("environment", "name")]


def query(name: str, description: str, schema: Schema) -> Schema:
    """Return a parameter of a query."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def ref(name: str) -> Schema:
    """Refer to a schema by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed_object(properties: Schema, *, required: list[str] | None = None, closed: bool = True) -> Schema:
    """Return the schema of an object; without `required`, all properties are."""
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": not closed}


def array(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def nullable(schema: Schema) -> Schema:
    """Return a schema that allows null too."""
    return {"anyOf": [schema, {"type": "null"}]}


def words(values: Any) -> Schema:
    """Return the schema of one of these words."""
    return {"type": "string", "enum": [str(value) for value in values]}
