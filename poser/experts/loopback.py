"""Which addresses are this machine's own."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """True if this address is reached from this machine alone. Names other than "localhost" are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def on_loopback(address: str) -> bool:
    """True if the host of this URL is this machine."""
    return is_loopback(urlsplit(address).hostname or "")


def needs_no_environment(address: str) -> bool:
    """True if the environment's proxies (and authorities of TLS) do not matter: plain HTTP to this machine.

    httpx asks a proxy for this machine too unless NO_PROXY names it, and would show it secrets and pictures.
    """
    return on_loopback(address) and urlsplit(address).scheme == "http"
