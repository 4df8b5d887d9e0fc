"""IP addresses in one form, so that two spellings of one are equal."""

from __future__ import annotations


def plain_address(written: str) -> str:
    """An IP address in the one form that all spellings of it share; a name stays as it is."""
    from ipaddress import ip_address  # few commands hold addresses against each other

    try:
        return str(ip_address(written.strip("[]")))
    except ValueError:
        return written


def ip_of(address: str) -> str:
    """The IP of ``host:port`` in its one form."""
    return plain_address(address.rpartition(":")[0])
