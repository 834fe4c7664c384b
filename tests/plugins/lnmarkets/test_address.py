"""Where keys may go: fixed hosts over TLS, or this machine."""

from __future__ import annotations

import pytest

from axisor.errors import SettingsInvalid
from axisor_lnmarkets.address import Address, address_of


def test_the_networks_are_those_of_the_venue():
    assert address_of("mainnet", None) == Address(
        "https://api.lnmarkets.com", "wss://stream.lnmarkets.com/v1"
    )
    assert address_of("signet", None).stream == "wss://stream.signet.lnmarkets.com/v1"


@pytest.mark.parametrize(
    ("url", "rest", "stream"),
    [
        ("http://127.0.0.1:8200", "http://127.0.0.1:8200", "ws://127.0.0.1:8200/v1"),
        ("http://localhost:8200/v3/", "http://localhost:8200", "ws://localhost:8200/v1"),
        ("http://[::1]:8200/", "http://[::1]:8200", "ws://[::1]:8200/v1"),
        ("https://sim.example", "https://sim.example", "wss://sim.example/v1"),
    ],
)
def test_a_simulator_has_its_stream_on_the_same_host(url, rest, stream):
    assert address_of("sim", url) == Address(rest, stream)


@pytest.mark.parametrize(
    ("network", "url"),
    [
        ("testnet4", None),
        ("sim", None),
        ("sim", ""),
        ("mainnet", "https://evil.example"),
        ("sim", "http://sim.example:8200"),
        ("sim", "http://127.0.0.1.evil.example"),
        ("sim", "http://10.0.0.1:8200"),
        ("sim", "http://user:pw@127.0.0.1:8200"),
        ("sim", "http://127.0.0.1:8200/other"),
        ("sim", "http://127.0.0.1:8200?x=1"),
        ("sim", "http://127.0.0.1:99999"),
        ("sim", "ftp://127.0.0.1"),
        ("sim", "127.0.0.1:8200"),
    ],
)
def test_other_addresses_are_refused(network, url):
    with pytest.raises(SettingsInvalid):
        address_of(network, url)
