"""The desired state in Git, as values: manifests, instances, snapshots.

Everything in this package is pure: bytes in, frozen values out. It uses neither the daemon nor a clock, disk or
network, so that a laptop, a CI job and the daemon always read a commit in the same way.
"""
