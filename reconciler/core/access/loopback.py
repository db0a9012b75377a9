"""Loopback: hosts and addresses that only this machine can reach."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether a host or an address is this machine only; a name other than `localhost` never is."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
