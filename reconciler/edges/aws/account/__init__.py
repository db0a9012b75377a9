"""Reads a live account for `reconciler verify`. Only operations that describe, get or list."""

from reconciler.edges.aws.account.reader import read_account

__all__ = ["read_account"]
