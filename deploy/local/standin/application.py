"""The WSGI application: control pages, request log, faults, the service models, then moto, one request at a time.

moto keeps its state in plain objects without locks; two concurrent writers could both win a conditional write, such as
Terraform's state lock in S3. Therefore a request's body is read first, and moto then answers under a lock. Operations
that moto does not support become a refusal that clients do not retry.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from flask import Flask
from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug import Response
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.test import run_wsgi_app

from deploy.local.standin import access, guards, notification_rules, requests
from deploy.local.standin.administration import PREFIX, Administration
from deploy.local.standin.calls import Call, identify
from deploy.local.standin.faults import Fault, Faults
from deploy.local.standin.guards.settings import SettingsInForce
from deploy.local.standin.refusals import FAILURE, NOT_IMPLEMENTED, refusal
from deploy.local.standin.request_log import RequestLog
from deploy.local.standin.rollout_rules import RolloutRules

logger = logging.getLogger("standin")


class StandInApplication:
    def __init__(self, *, log: RequestLog, rules: RolloutRules) -> None:
        self._moto_lock = RLock()
        self._log = log
        self._faults = Faults()
        self._settings = SettingsInForce()
        self._administration = Administration(log, self._faults, rules, self._settings, self._moto_lock)
        self._moto = _Dispatcher(_backend_application)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        _read_body(environ)
        request = _request(environ)
        if request.path.startswith(PREFIX):
            return self._administration.answer(request)(environ, start_response)
        call = identify(request)
        entry = self._log.open(call)
        response = self._answer(environ, request, call)
        self._log.close(entry, response.status_code)
        return response(environ, start_response)

    def _answer(self, environ: dict[str, Any], request: Request, call: Call) -> Response:
        fault = self._faults.take(call)
        if fault is not None:
            fault.delay()
            if fault.request.kind == "hang":
                raise ConnectionAbortedError  # werkzeug drops the connection without an answer
            injected = _inject(request, call, fault)
            if injected is not None:
                return injected
        reading = requests.read(request, call)
        refused = requests.check(reading) if reading is not None else None
        if refused is not None:
            return _refused(request, call, refused.code, refused.message, refused.status)
        return self._ask_moto(environ, request, call, reading)

    def _ask_moto(
        self, environ: dict[str, Any], request: Request, call: Call, reading: requests.Reading | None
    ) -> Response:
        try:
            with self._moto_lock:
                if reading is not None:
                    place = guards.Place(call.account, call.region, self._settings.now)
                    if place.settings.enforce_roles:
                        access.check(reading, call, place)
                    guards.check(reading.service, reading.operation, reading.parameters, place)
                if call.service == notification_rules.SERVICE:
                    return notification_rules.answer(request, call)
                body, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        except guards.Refused as refused:
            return _refused(request, call, refused.code, refused.message, refused.status)
        except NotImplementedError:
            return _not_implemented(request, call)
        except Exception as error:
            # moto fails on operations that it implements in part; with a client error, no client retries for minutes.
            logger.exception("%s %s failed", call.service, call.operation)
            message = f"The AWS stand-in failed at {call.service} {call.operation}: {type(error).__name__}: {error}"
            return refusal(request, call.service, code=FAILURE, message=message, status=400)
        response = Response(body, status, headers)
        response.automatically_set_content_length = False
        return _not_implemented(request, call) if _is_unknown_operation(response, request, call) else response


class _Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher with a cache: moto searches all services of AWS for the host of every request."""

    def __init__(self, create_app: Callable[[Any], Flask]) -> None:
        super().__init__(create_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


def _backend_application(service: Any) -> Flask:
    """Create moto's application for one service; an unknown path counts as an operation that moto does not have."""
    if service is None:
        raise NotImplementedError("unknown service")
    application = create_backend_app(service)
    for error in (NotFound, MethodNotAllowed):
        application.register_error_handler(error, _unknown_path)
    return application


def _unknown_path(error: Exception) -> Any:
    raise NotImplementedError(str(error))


def _is_unknown_operation(response: Response, request: Request, call: Call) -> bool:
    """Return True for moto's answer to an unknown operation: 404 without a body, which S3 alone sends validly."""
    return response.status_code == 404 and not response.data and request.method != "HEAD" and call.service != "s3"


def _not_implemented(request: Request, call: Call) -> Response:
    message = f"The AWS stand-in does not implement {call.operation} of {call.service}"
    logger.warning(message)
    return refusal(request, call.service, code=NOT_IMPLEMENTED, message=message, status=400)


def _refused(request: Request, call: Call, code: str, message: str, status: int) -> Response:
    logger.warning("%s %s is refused: %s: %s", call.service, call.operation, code, message)
    return refusal(request, call.service, code=code, message=message, status=status)


def _inject(request: Request, call: Call, fault: Fault) -> Response | None:
    wanted = fault.refusal(call.service)
    if wanted is None:
        return None
    code, status = wanted
    return refusal(request, call.service, code=code, message="Injected fault", status=status)


def _read_body(environ: dict[str, Any]) -> None:
    """Read the whole body before waiting for the lock, and make it readable more than once."""
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    else:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if len(body) < length:  # the client has gone; AWS acts only on complete requests
            raise ConnectionAbortedError
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True


def _request(environ: dict[str, Any]) -> Request:
    """Parse the request from a copy of its body, so that parsing a form does not consume moto's body."""
    body = environ["wsgi.input"].getvalue()
    return Request({**environ, "wsgi.input": io.BytesIO(body)})
