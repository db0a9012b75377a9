"""The AWS stand-in: moto's server in a separate process, with missing operations added and rollouts that progress.

`start()` runs it for a test or the demo; `python -m deploy.local.standin` by hand. `patches/` contains the differences
from moto, `administration.py` the pages that AWS does not have: request log, faults, failing deployments.
"""

from deploy.local.standin.launch import ACCESS_KEY_ID, SECRET_ACCESS_KEY, StandIn, start

__all__ = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "StandIn", "start"]
