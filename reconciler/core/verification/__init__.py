"""Check a live account against the requirements: values in, violations out."""

from reconciler.core.verification.account import Account
from reconciler.core.verification.finding import STATEMENTS, Violation
from reconciler.core.verification.verify import verify

__all__ = ["STATEMENTS", "Account", "Violation", "verify"]
