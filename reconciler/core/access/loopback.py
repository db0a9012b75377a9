"""Loopback: hosts and addresses that only this machine can reach."""


def is_loopback(host: str) -> bool:
    """Return whether a host or an address is this machine only."""
    return host in {"localhost", "::1"} or host.startswith(("127.", "::ffff:127."))
