"""The states in an environment's bucket, from S3: their places and versions, and a list for the search for orphans."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.state_file import State, StateVersion
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.orphans import StoredState
from reconciler.core.record.state import StatePlace
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from reconciler.edges.state.settings import StateSettings

_GONE = frozenset({"404", "NoSuchKey"})
_NO_BUCKET = frozenset({"404", "NoSuchBucket"})
_PAGES = 100  # at most, of 1,000 objects each: more than an environment has


class S3States:
    """Implements `core.ports.orphans.States`. `page`: the largest number of objects in one answer of S3."""

    def __init__(self, clients: AwsClients, settings: StateSettings, *, page: int = 1000) -> None:
        self._clients, self._settings, self._page = clients, settings, page

    async def stored(self, environment: Environment) -> Sequence[StoredState]:
        """Return every state of the environment, by key; none before its bucket exists. Raises: LiveUnavailable."""
        bucket = self._settings.bucket_in(environment)
        found: list[StoredState] = []
        more: dict[str, Any] = {}
        for _ in range(_PAGES):
            try:
                page = await self._clients.call(
                    environment, "s3", "list_objects_v2", Bucket=bucket, MaxKeys=self._page, **more
                )
            except AwsFailed as failed:
                if failed.code in _NO_BUCKET:
                    return []
                raise LiveUnavailable(f"the states of {environment.name} cannot be listed: {failed}") from failed
            found += [state for entry in page.get("Contents", ()) if (state := self._state(bucket, entry, environment))]
            if not page.get("NextContinuationToken"):
                break
            more = {"ContinuationToken": page["NextContinuationToken"]}
        return sorted(found, key=lambda state: (state.key, state.object))

    def _state(self, bucket: str, entry: Mapping[str, Any], environment: Environment) -> StoredState | None:
        match entry["Key"].split("/")[-3:]:
            case [environment.name, name, "terraform.tfstate"]:
                key = Key(environment.name, name)
                elsewhere = entry["Key"] != self._settings.object_key(key)
                return StoredState(key, bucket, entry["Key"], entry["LastModified"], elsewhere)
        return None

    def place(self, key: Key, environment: Environment) -> StatePlace:
        """Return the place of an instance's state, as it is configured now."""
        return StatePlace(
            account=environment.account,
            region=environment.region,
            bucket=self._settings.bucket_in(environment),
            object=self._settings.object_key(key),
            lock_table=self._settings.lock_table,
        )

    async def version(self, place: StatePlace, environment: Environment) -> StateVersion:
        """Return the version of the state in that place, the empty one when there is none. Raises: LiveUnavailable."""
        text = await self._read(place.bucket, place.object, environment)
        try:
            return State(text).version
        except (ValueError, AttributeError, TypeError):
            raise LiveUnavailable(f"{place} is not a state") from None

    async def size(self, state: StoredState, environment: Environment) -> int:
        """Return how many resources the state manages; 0 when it is gone. Raises: LiveUnavailable."""
        text = await self._read(state.bucket, state.object, environment)
        try:
            resources = json.loads(text).get("resources") or () if text else ()
            return sum(len(one.get("instances") or ()) for one in resources if one.get("mode") == "managed")
        except (ValueError, AttributeError):
            raise LiveUnavailable(f"{state.object} in {state.bucket} is not a state") from None

    async def _read(self, bucket: str, name: str, environment: Environment) -> str:
        """Return the content of an object; an empty text when it does not exist. Raises: LiveUnavailable."""
        try:
            answer = await self._clients.call(environment, "s3", "get_object", Bucket=bucket, Key=name)
        except AwsFailed as failed:
            if failed.code in _GONE:
                return ""
            raise LiveUnavailable(f"the state {name} cannot be read: {failed}") from failed
        body = answer["Body"]
        return body.decode(errors="replace") if isinstance(body, bytes) else str(body)
