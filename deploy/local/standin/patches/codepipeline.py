"""CodePipeline: the times of a pipeline, as numbers.

The JSON protocols of AWS write timestamps as seconds since 1970. moto writes text, which boto3 reads all the same and
the AWS provider refuses, so no pipeline could be refreshed.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from moto.codepipeline.responses import CodePipelineResponse

from deploy.local.standin.patches.patch import Act, Patch


def get_pipeline(act: Act) -> Any:
    answer = json.loads(act.proceed())
    for name in ("created", "updated"):
        answer["metadata"][name] = datetime.fromisoformat(answer["metadata"][name]).timestamp()
    return json.dumps(answer)


PATCHES = (Patch("codepipeline", "GetPipeline", "times are text", CodePipelineResponse, get_pipeline),)
