"""AWS clients for all edges: one per place and service, called outside the event loop.

Every call ends: connecting, reading, retries and the whole call are bounded, and every failure is one exception with
AWS's own error code. An environment with a role is called as that role, with credentials that are renewed
automatically; the daemon's own resources (`Home`) are called with the daemon's credentials.

    AwsFailed     AWS refused the call, or did not answer
"""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody
from botocore.session import Session

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})  # as each service calls it
SESSION_NAME = "ecs-gitops-reconciler"  # CloudTrail shows this name for the daemon's calls
_RETRIES = Config(
    connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=16
)
# For calls that a running apply depends on: more retries within the same deadline.
PATIENT = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 8}, max_pool_connections=16
)


class Place(Protocol):
    """A place to call. Two places are the same if and only if they are equal. `Environment` is one."""

    @property
    def name(self) -> str:
        """The name for messages."""
        ...

    @property
    def region(self) -> str | None:
        """The region; None leaves the choice to boto3."""
        ...

    @property
    def role(self) -> str | None:
        """The role to assume; None calls as the daemon."""
        ...

    @property
    def endpoint(self) -> str | None:
        """An AWS-compatible endpoint to use instead of AWS."""
        ...


@dataclass(frozen=True, slots=True)
class Home:
    """The account of the daemon's own resources, called with the daemon's credentials."""

    region: str | None = None
    endpoint: str | None = None
    name: str = "the daemon's account"
    role: None = None


class AwsFailed(Exception):
    """AWS refused the call, or did not answer.

    `code` is AWS's error code, or the name of a failure on the client's side such as `TimedOut`. `retried`: an earlier
    try of the same call may have taken effect.
    """

    def __init__(self, code: str, message: str, *, operation: str, retried: bool = False) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code
        self.message = message
        self.operation = operation
        self.retried = retried


class AwsClients:
    """Clients by place and service, each created once. `settings` holds time-outs and retries."""

    def __init__(
        self, *, threads: int = 16, deadline: timedelta = timedelta(seconds=90), settings: Config = _RETRIES
    ) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="aws")
        self._deadline = deadline.total_seconds()
        self._settings = settings
        self._lock = threading.Lock()  # creating sessions and clients is not thread-safe; calling clients is
        self._sessions: dict[Place, boto3.Session] = {}
        self._clients: dict[tuple[Place, str], Any] = {}

    async def call(self, place: Place, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        """Call an operation by its boto3 name (`describe_services`); a streamed body is read. Raises: AwsFailed."""
        where = f"{service} {operation} in {place.name}"
        call = partial(self._call, place, service, operation, parameters)
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TimeoutError:
            raise AwsFailed("TimedOut", f"no answer within {self._deadline:.0f} s", operation=where) from None
        except ClientError as error:
            found, retries = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
            code, retried = found.get("Code", "Unknown"), bool(retries.get("RetryAttempts"))
            raise AwsFailed(code, found.get("Message", ""), operation=where, retried=retried) from error
        except BotoCoreError as error:
            raise AwsFailed(type(error).__name__, str(error), operation=where) from error

    def close(self) -> None:
        """Start no more calls and close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _call(self, place: Place, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        answer = getattr(self._client(place, service), operation)(**parameters)
        if isinstance(answer.get("Body"), StreamingBody):
            answer["Body"] = answer["Body"].read()
        return answer

    def _client(self, place: Place, service: str) -> Any:
        with self._lock:
            client = self._clients.get((place, service))
            if client is None:
                session = self._sessions.setdefault(place, self._session(place))
                client = session.client(  # type: ignore[call-overload]  # the service is not known to the type checker
                    service, region_name=place.region, endpoint_url=place.endpoint, config=self._settings
                )
                self._clients[place, service] = client
            return client

    def _session(self, place: Place) -> boto3.Session:
        ambient = Session()
        if place.role is None:
            return boto3.Session(botocore_session=ambient)
        assumed = Session()
        assumed.register_component("credential_provider", CredentialResolver([_Role(ambient, place, self._settings)]))
        return boto3.Session(botocore_session=assumed)


class Assumed:
    """The credentials of a place's role, bounded by a session policy, and renewed before they expire."""

    def __init__(self, place: Place, *, session_name: str, policy: str) -> None:
        self._place = place
        self._credentials: Any = _Role(Session(), place, _RETRIES, session_name=session_name, policy=policy).load()

    def document(self) -> Mapping[str, str]:
        """Return them as AWS's container endpoints do; blocks. Raises: AwsFailed when there are none."""
        where = f"sts assume_role of {self._place.role} in {self._place.name}"
        try:
            found = self._credentials.get_frozen_credentials()
        except ClientError as error:
            answer = error.response.get("Error", {})
            code, message = answer.get("Code", "Unknown"), answer.get("Message", "")
            raise AwsFailed(code, message, operation=where) from error
        except BotoCoreError as error:
            raise AwsFailed(type(error).__name__, str(error), operation=where) from error
        expires = self._credentials._expiry_time.astimezone(UTC)
        return {
            "AccessKeyId": found.access_key,
            "SecretAccessKey": found.secret_key,
            "Token": found.token,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


class _Role(CredentialProvider):
    """Credentials of a place's role, which is assumed at the first call and again before they expire."""

    METHOD = "reconciler-assume-role"

    def __init__(
        self,
        ambient: Session,
        place: Place,
        settings: Config,
        *,
        session_name: str = SESSION_NAME,
        policy: str | None = None,
    ) -> None:
        super().__init__()
        self._ambient = ambient
        self._place = place
        self._settings = settings
        self._asked = {"RoleSessionName": session_name} | ({"Policy": policy} if policy else {})

    def load(self) -> DeferredRefreshableCredentials:
        """Return credentials that are fetched at their first use."""
        place = self._place
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=partial(
                self._ambient.create_client,
                region_name=place.region,
                endpoint_url=place.endpoint,
                config=self._settings,
            ),
            source_credentials=self._ambient.get_credentials(),
            role_arn=place.role or "",
            extra_args=self._asked,
        )
        return DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method=self.METHOD)
