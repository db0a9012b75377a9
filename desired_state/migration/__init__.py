"""Definitions of other tools as manifests: Copilot, ecspresso, Compose, task definitions of ECS.

Only values: text in, text and located problems out. Files are read in `reconciler/cli`.
"""
