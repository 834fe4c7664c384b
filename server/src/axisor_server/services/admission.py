"""Which accounts a core takes: no mode above its cap, no mode that lies about its network."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from axisor.errors import FieldInvalid, ModeNotAllowed
from axisor.model import Mode
from axisor.ports import Venue

SIMULATED = "sim"


def admit(mode: Mode, network: str, url: str, venue: Venue, max_mode: Mode) -> None:
    """Refuse an account whose mode, network and address do not go together here.

    A SIM account acts as if its sats were made up, so it may reach nothing but a simulator; and no
    account may reach another network's address than its own. Raises ModeNotAllowed, FieldInvalid.
    """
    if network not in venue.networks:
        known = ", ".join(sorted(venue.networks))
        raise FieldInvalid(
            f"{venue.name} has no network `{network}`; it has {known}.", field="network"
        )
    if mode.rank > max_mode.rank:
        raise ModeNotAllowed(
            f"This core allows {max_mode.value.upper()} at most.",
            mode=mode.value,
            maxMode=max_mode.value,
        )
    if (mode is Mode.SIM) != (network == SIMULATED) and mode in (Mode.SIM, Mode.LIVE):
        raise ModeNotAllowed(
            f"{mode.value.upper()} does not go with the network `{network}`.",
            fix="SIM is for the network `sim`, LIVE for every other.",
            mode=mode.value,
            maxMode=max_mode.value,
        )
    _check_address(network, url, venue)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_address(network: str, url: str, venue: Venue) -> None:
    if not url:
        if not venue.networks[network]:
            raise FieldInvalid(
                f"The network `{network}` has no address of its own; give one.", field="base_url"
            )
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise FieldInvalid("The address must begin with https://.", field="base_url")
    if parts.scheme == "http" and not is_loopback(host):
        raise FieldInvalid(
            "Keys would cross the network in the clear: http is for loopback only.",
            field="base_url",
        )
    for name, address in venue.networks.items():
        if name != network and address and urlsplit(address).hostname == host:
            raise FieldInvalid(
                f"{host} is the network `{name}`, not `{network}`.", field="base_url"
            )
