"""The settings of `reconciler.yaml` and the environment, read and checked once at the start.

Here: models, origins, messages about mistakes, masking. Everything below gets plain values from `app` and reads no
setting itself; manifests are `desired_state`.
"""
