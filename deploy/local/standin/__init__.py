"""The AWS stand-in: moto's server in a process of its own, with its gaps filled and its rollouts alive.

`start()` runs it for a test or the demo; `python -m deploy.local.standin` by hand. `patches/` holds what differs from
moto, `administration.py` the pages that AWS does not have: the request log, faults, failing deployments.
"""

from deploy.local.standin.launch import ACCESS_KEY_ID, SECRET_ACCESS_KEY, StandIn, start

__all__ = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "StandIn", "start"]
