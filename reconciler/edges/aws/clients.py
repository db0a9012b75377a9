"""AWS for the rest of the edges: one client per place and service, called off the event loop.

The rule: every call ends. Connecting, reading, retrying and the whole call are bounded, and trouble is one exception
with AWS's own code. An environment with a role is called as that role, with credentials that renew themselves; what is
the daemon's own (`Home`) is called as the daemon.

    AwsFailed     AWS refused, or did not answer
"""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
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

SESSION_NAME = "ecs-gitops-reconciler"  # how CloudTrail names us
_RETRIES = Config(
    connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=16
)
# For what has to succeed, because a running apply depends on it: more patience within the same deadline.
PATIENT = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 8}, max_pool_connections=16
)


class Where(Protocol):
    """A place to call, equal to another if and only if it is the same one. An `Environment` is one."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def region(self) -> str | None:
        """The region; None leaves it to boto3's own search."""
        ...

    @property
    def role(self) -> str | None:
        """The role to assume; None calls as the daemon."""
        ...

    @property
    def endpoint(self) -> str | None:
        """An AWS-compatible endpoint used instead of AWS itself."""
        ...


@dataclass(frozen=True, slots=True)
class Home:
    """Where the daemon keeps its own things, called with its own credentials."""

    region: str | None = None
    endpoint: str | None = None
    name: str = "the daemon's account"
    role: None = None


class AwsFailed(Exception):
    """AWS refused, or did not answer. `code` is AWS's error code, or the name of the trouble on the way there;
    `retried` says that an earlier try of the same call may have got through."""

    def __init__(self, code: str, message: str, *, operation: str, retried: bool = False) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code
        self.message = message
        self.operation = operation
        self.retried = retried


class AwsClients:
    """Clients by place and service, each made once. `settings` says time-outs and retries."""

    def __init__(
        self, *, threads: int = 16, deadline: timedelta = timedelta(seconds=90), settings: Config = _RETRIES
    ) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="aws")
        self._deadline = deadline.total_seconds()
        self._settings = settings
        self._lock = threading.Lock()  # making sessions and clients is not thread-safe; calling them is
        self._sessions: dict[Where, boto3.Session] = {}
        self._clients: dict[tuple[Where, str], Any] = {}

    async def call(self, place: Where, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        """Call an operation by boto3's name for it (`describe_services`). A body is read. Raises: AwsFailed."""
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
        """Start no more calls and drop the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _call(self, place: Where, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        answer = getattr(self._client(place, service), operation)(**parameters)
        if isinstance(answer.get("Body"), StreamingBody):
            answer["Body"] = answer["Body"].read()
        return answer

    def _client(self, place: Where, service: str) -> Any:
        with self._lock:
            client = self._clients.get((place, service))
            if client is None:
                session = self._sessions.setdefault(place, self._session(place))
                client = session.client(  # type: ignore[call-overload]  # the service is not known to the type checker
                    service, region_name=place.region, endpoint_url=place.endpoint, config=self._settings
                )
                self._clients[place, service] = client
            return client

    def _session(self, place: Where) -> boto3.Session:
        ambient = Session()
        if place.role is None:
            return boto3.Session(botocore_session=ambient)
        assumed = Session()
        assumed.register_component("credential_provider", CredentialResolver([_Role(ambient, place, self._settings)]))
        return boto3.Session(botocore_session=assumed)


class _Role(CredentialProvider):
    """Credentials of the environment's role, assumed at the first call and again before they expire."""

    METHOD = "reconciler-assume-role"

    def __init__(self, ambient: Session, place: Where, settings: Config) -> None:
        super().__init__()
        self._ambient = ambient
        self._place = place
        self._settings = settings

    def load(self) -> DeferredRefreshableCredentials:
        """The credentials, not fetched yet."""
        where = self._place
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=partial(
                self._ambient.create_client,
                region_name=where.region,
                endpoint_url=where.endpoint,
                config=self._settings,
            ),
            source_credentials=self._ambient.get_credentials(),
            role_arn=where.role or "",
            extra_args={"RoleSessionName": SESSION_NAME},
        )
        return DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method=self.METHOD)
