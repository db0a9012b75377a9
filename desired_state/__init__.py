"""The desired state in Git, as values: manifests, instances, snapshots.

Bytes in, frozen values out: it uses neither the daemon nor a clock, disk or network, so that a laptop, a CI job and the
daemon always read a commit in the same way. What is decided from it is elsewhere, in `reconciler/core`.
"""
