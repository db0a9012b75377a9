"""AWS for the rest of the edges: one client per environment and service, called off the event loop.

The rule: every call ends. Connecting, reading, retrying and the whole call are bounded, and trouble is one exception
with AWS's own code. An environment with a role is called as that role, with credentials that renew themselves.

    AwsFailed     AWS refused, or did not answer
"""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from reconciler.core.ports import Environment

SESSION_NAME = "ecs-gitops-reconciler"  # how CloudTrail names us
_RETRIES = Config(
    connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=16
)


class AwsFailed(Exception):
    """AWS refused, or did not answer. `code` is AWS's error code, or the name of the trouble on the way there."""

    def __init__(self, code: str, message: str, *, operation: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code
        self.message = message
        self.operation = operation


class AwsClients:
    """Clients by environment and service, each made once. `settings` (time-outs, retries) can be replaced for tests."""

    def __init__(
        self, *, threads: int = 16, deadline: timedelta = timedelta(seconds=90), settings: Config = _RETRIES
    ) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="aws")
        self._deadline = deadline.total_seconds()
        self._settings = settings
        self._lock = threading.Lock()  # making sessions and clients is not thread-safe; calling them is
        self._sessions: dict[Environment, boto3.Session] = {}
        self._clients: dict[tuple[Environment, str], Any] = {}

    async def call(
        self, environment: Environment, service: str, operation: str, /, **parameters: Any
    ) -> Mapping[str, Any]:
        """Call an operation by boto3's name for it (`describe_services`). Raises: AwsFailed."""
        where = f"{service} {operation} in {environment.name}"
        call = partial(self._call, environment, service, operation, parameters)
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TimeoutError:
            raise AwsFailed("TimedOut", f"no answer within {self._deadline:.0f} s", operation=where) from None
        except ClientError as error:
            found = error.response.get("Error", {})
            raise AwsFailed(found.get("Code", "Unknown"), found.get("Message", ""), operation=where) from error
        except BotoCoreError as error:
            raise AwsFailed(type(error).__name__, str(error), operation=where) from error

    def close(self) -> None:
        """Start no more calls and drop the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _call(self, environment: Environment, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        return getattr(self._client(environment, service), operation)(**parameters)

    def _client(self, environment: Environment, service: str) -> Any:
        with self._lock:
            client = self._clients.get((environment, service))
            if client is None:
                session = self._sessions.setdefault(environment, self._session(environment))
                client = session.client(  # type: ignore[call-overload]  # the service is not known to the type checker
                    service, region_name=environment.region, endpoint_url=environment.endpoint, config=self._settings
                )
                self._clients[environment, service] = client
            return client

    def _session(self, environment: Environment) -> boto3.Session:
        ambient = Session()
        if environment.role is None:
            return boto3.Session(botocore_session=ambient)
        assumed = Session()
        assumed.register_component(
            "credential_provider", CredentialResolver([_Role(ambient, environment, self._settings)])
        )
        return boto3.Session(botocore_session=assumed)


class _Role(CredentialProvider):
    """Credentials of the environment's role, assumed at the first call and again before they expire."""

    METHOD = "reconciler-assume-role"

    def __init__(self, ambient: Session, environment: Environment, settings: Config) -> None:
        super().__init__()
        self._ambient = ambient
        self._environment = environment
        self._settings = settings

    def load(self) -> DeferredRefreshableCredentials:
        """The credentials, not fetched yet."""
        where = self._environment
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
