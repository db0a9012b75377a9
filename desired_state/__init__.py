"""What Git asks for, as values: manifests, instances, snapshots.

Everything in this package is pure: bytes in, frozen values out. It knows nothing of the daemon,
of clocks, disks or networks, so that a laptop, a CI job and the daemon always read a commit alike.
"""
