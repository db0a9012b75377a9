"""Composition: the only place where engine and edges meet, and where settings become plain values."""

from reconciler.app.daemon import serve
from reconciler.app.dry_run import PlannedInstance, plan_once
from reconciler.app.offline import bootstrap, render
from reconciler.app.verify import verify

__all__ = ["PlannedInstance", "bootstrap", "plan_once", "render", "serve", "verify"]
