"""CodePipeline: timestamps of a pipeline as numbers.

The JSON protocols of AWS write timestamps as seconds since 1970. moto writes text, which boto3 accepts and the AWS
provider refuses, so that no pipeline could be refreshed.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from moto.codepipeline.responses import CodePipelineResponse

from deploy.local.standin.patches.patch import Invocation, Patch


def get_pipeline(invocation: Invocation) -> Any:
    answer = json.loads(invocation.proceed())
    for name in ("created", "updated"):
        answer["metadata"][name] = datetime.fromisoformat(answer["metadata"][name]).timestamp()
    return json.dumps(answer)


PATCHES = (Patch("codepipeline", "GetPipeline", "timestamps are text", CodePipelineResponse, get_pipeline),)
