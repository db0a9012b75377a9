"""Tests of `reconciler.core.code`."""
