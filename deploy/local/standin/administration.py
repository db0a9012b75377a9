"""The stand-in's control pages under `/standin/`, which tests and the demo need and AWS does not have.

GET    /standin/health                {"status": "ok", "last": <number of the last call>}
GET    /standin/requests?since=N      the request log after call N
POST   /standin/reset                 empty AWS, remove rules, faults and settings; keep the log
POST   /standin/settings              {quotas?, unseen_calls?} as in `guards/settings.py`; GET shows them
POST   /standin/faults                {service, operation?, kind, status?, times?, seconds?}; GET lists, DELETE lifts
POST   /standin/ecs/fail              {cluster, service, image?}; GET lists, DELETE removes (all, or ?cluster=&service=)
POST   /standin/ecs/delay             {seconds}: duration of every deployment, including those in progress
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug import Request, Response

from deploy.local.standin.faults import FaultRequest, Faults
from deploy.local.standin.guards.settings import Settings, SettingsInForce
from deploy.local.standin.patches.services import refresh_all
from deploy.local.standin.request_log import RequestLog
from deploy.local.standin.rollout_rules import Failure, RolloutRules

PREFIX = "/standin/"


class FailRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    cluster: str
    service: str
    image: str | None = None


class DelayRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float = Field(ge=0, le=86_400)


class Administration:
    def __init__(
        self,
        log: RequestLog,
        faults: Faults,
        rules: RolloutRules,
        settings: SettingsInForce,
        moto_lock: AbstractContextManager[Any],
    ) -> None:
        self._log = log
        self._faults = faults
        self._rules = rules
        self._settings = settings
        self._moto_lock = moto_lock  # moto's state is not thread-safe
        self._routes: dict[str, Callable[[Request], Any]] = {
            "GET health": self._health,
            "GET requests": self._requests,
            "POST reset": self._reset,
            "GET settings": self._show_settings,
            "POST settings": self._set_settings,
            "GET faults": self._list_faults,
            "POST faults": self._add_fault,
            "DELETE faults": self._lift_faults,
            "GET ecs/fail": self._list_failures,
            "POST ecs/fail": self._add_failure,
            "DELETE ecs/fail": self._forget_failures,
            "POST ecs/delay": self._set_delay,
        }

    def answer(self, request: Request) -> Response:
        route = self._routes.get(f"{request.method} {request.path.removeprefix(PREFIX).strip('/')}")
        if route is None:
            return _json({"error": f"no such page: {request.method} {request.path}"}, 404)
        try:
            return _json(route(request))
        except ValidationError as error:
            return _json({"error": json.loads(error.json(include_url=False, include_context=False))}, 422)
        except ValueError as error:
            return _json({"error": str(error)}, 422)

    def _health(self, request: Request) -> Any:
        return {"status": "ok", "last": self._log.last}

    def _requests(self, request: Request) -> Any:
        return {"requests": self._log.since(int(request.args.get("since", "0"))), "last": self._log.last}

    def _reset(self, request: Request) -> Any:
        self._faults.lift()
        with self._moto_lock:
            self._rules.forget()
            self._settings.now = Settings()
            moto_api_backend.reset()
        return {}

    def _show_settings(self, request: Request) -> Any:
        return self._settings.now.model_dump()

    def _set_settings(self, request: Request) -> Any:
        self._settings.now = Settings.model_validate_json(request.get_data())
        return self._show_settings(request)

    def _list_faults(self, request: Request) -> Any:
        return {"faults": [fault.model_dump() for fault in self._faults.pending()]}

    def _add_fault(self, request: Request) -> Any:
        self._faults.add(FaultRequest.model_validate_json(request.get_data()))
        return self._list_faults(request)

    def _lift_faults(self, request: Request) -> Any:
        self._faults.lift()
        return {}

    def _list_failures(self, request: Request) -> Any:
        return {"failures": [asdict(failure) for failure in self._rules.failures]}

    def _add_failure(self, request: Request) -> Any:
        wanted = FailRequest.model_validate_json(request.get_data())
        with self._moto_lock:
            self._rules.failures.append(Failure(**wanted.model_dump()))
        return self._list_failures(request)

    def _forget_failures(self, request: Request) -> Any:
        with self._moto_lock:
            self._rules.forget(cluster=request.args.get("cluster"), service=request.args.get("service"))
        return self._list_failures(request)

    def _set_delay(self, request: Request) -> Any:
        wanted = DelayRequest.model_validate_json(request.get_data())
        with self._moto_lock:
            refresh_all(self._rules)
            self._rules.delay = timedelta(seconds=wanted.seconds)
        return wanted.model_dump()


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")
