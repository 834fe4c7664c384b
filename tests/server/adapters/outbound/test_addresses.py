"""Sixty addresses that are not spoken to, each with its reason, and some that are."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.receivers import Detour, Names

from axisor.errors import AddressForbidden, ReceiverUnavailable, SettingsInvalid
from axisor_server.adapters.outbound.addresses import cause_against, networks, parse
from axisor_server.adapters.outbound.sending import Outbound

FORBIDDEN: tuple[tuple[str, str], ...] = (
    # This machine, in all its spellings.
    ("https://127.0.0.1/", "loopback"),
    ("https://127.8.9.10/", "loopback"),
    ("https://[::1]/", "loopback"),
    ("https://[0:0:0:0:0:0:0:1]:8443/", "loopback"),
    ("https://localhost/", "loopback"),
    ("https://localtest.example.org/", "loopback"),
    ("https://0.0.0.0/", "unspecified"),
    ("https://0.1.2.3/", "unspecified"),
    ("https://[::]/", "unspecified"),
    # One number, or fewer than four, or another base.
    ("https://2130706433/", "number"),
    ("https://0x7f000001/", "number"),
    ("https://017700000001/", "number"),
    ("https://127.1/", "number"),
    ("https://127.0.1/", "number"),
    ("https://0177.0.0.1/", "number"),
    ("https://0x7f.0.0.1/", "number"),
    ("https://127.0.0.0x1/", "number"),
    ("https://127.0.0.01/", "number"),
    ("https://256.256.256.256/", "number"),
    ("https://1.2.3.4.5/", "number"),
    # Neighbours.
    ("https://10.0.0.1/", "private"),
    ("https://172.16.0.1/", "private"),
    ("https://172.31.255.255/", "private"),
    ("https://192.168.1.1/", "private"),
    ("https://[fd12:3456:789a::1]/", "private"),
    ("https://[fec0::1]/", "private"),
    ("https://100.64.0.1/", "shared"),
    ("https://100.127.255.254/", "shared"),
    # What hands a cloud machine its keys.
    ("https://169.254.169.254/latest/meta-data/", "link_local"),
    ("https://[fe80::1]/", "link_local"),
    ("https://[fd00:ec2::254]/latest/meta-data/", "link_local"),
    ("https://metadata.example.org/", "link_local"),
    # Addresses of version 4 within those of version 6.
    ("https://[::ffff:127.0.0.1]/", "embedded"),
    ("https://[::ffff:7f00:1]/", "embedded"),
    ("https://[::ffff:93.184.216.34]/", "embedded"),
    ("https://[::127.0.0.1]/", "embedded"),
    ("https://[2002:7f00:1::]/", "embedded"),
    ("https://[64:ff9b::7f00:1]/", "embedded"),
    ("https://[64:ff9b:1::a00:1]/", "embedded"),
    ("https://[2001:0:7f00:1::]/", "embedded"),
    # For documentation, tests and nobody.
    ("https://192.0.2.1/", "special"),
    ("https://198.18.0.1/", "special"),
    ("https://[2001:db8::1]/", "special"),
    ("https://224.0.0.1/", "multicast"),
    ("https://[ff02::1]/", "multicast"),
    ("https://255.255.255.255/", "reserved"),
    # A public address among others is not enough.
    ("https://mixed.example.org/", "private"),
    # Other ways to write what two programs read differently.
    ("https://public.example.org@127.0.0.1/", "user"),
    ("https://user:word@public.example.org/", "user"),
    ("https://public.example.org\\@127.0.0.1/", "characters"),
    ("https://127.0.0.1#@public.example.org/", "characters"),
    ("https://public.example.org\r\nX: y/", "characters"),
    ("https://①②⑦.⓪.⓪.①/", "idn"),
    ("https://ｌocalhost/", "idn"),
    ("https://public.example.org./", "trailing_dot"),
    ("https://[fe80::1%25eth0]/", "zone"),
    # Other languages than that of the web.
    ("http://public.example.org/", "scheme"),
    ("gopher://public.example.org:70/_x", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("https://public.example.org:25/", "port"),
)

RESOLVED = Names(
    localhost=[["127.0.0.1", "::1"]],
    localtest_example_org=[["127.0.0.1"]],
    metadata_example_org=[["169.254.169.254"]],
    mixed_example_org=[["93.184.216.34", "10.0.0.7"]],
    public_example_org=[["93.184.216.34"]],
)


def test_there_are_sixty_and_no_two_are_one():
    assert len(FORBIDDEN) == len({url for url, _ in FORBIDDEN}) == 60


@pytest.mark.parametrize(("url", "cause"), FORBIDDEN)
async def test_none_of_sixty_addresses_is_spoken_to(url: str, cause: str):
    network = Detour(0)

    with pytest.raises(AddressForbidden) as caught:
        await Outbound(resolve=RESOLVED, network=network).post(parse(url), headers={}, body=b"")

    assert caught.value.metadata["cause"] == cause
    assert network.dialled == []


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("", "characters"),
        ("//public.example.org/", "scheme"),
        ("https:public.example.org", "scheme"),
        ("https:///path", "host"),
        ("https://public_example..org/", "host"),
        ("https://-x.example.org/", "host"),
        (f"https://{'a' * 64}.org/", "host"),
        ("https://[v1.x]/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://public.example.org:99999/", "malformed"),
        ("https://public.example.org:0/", "port"),
        ("https://public.example.org:-1/", "malformed"),
        ("https://public.example.org/" + "a" * 2_048, "characters"),
        ("https://public%2eexample.org/", "host"),
    ],
)
def test_what_is_not_written_plainly_is_no_address(url: str, cause: str):
    with pytest.raises(AddressForbidden) as caught:
        parse(url)

    assert caught.value.metadata["cause"] == cause


@pytest.mark.parametrize(
    ("url", "dialled"),
    [
        ("https://public.example.org/hook?key=1", ["93.184.216.34"]),
        ("https://PUBLIC.example.org:8443", ["93.184.216.34"]),
        ("https://8.8.8.8/", ["8.8.8.8"]),
        ("https://[2606:4700::1111]/", ["2606:4700::1111"]),
        ("https://xn--bcher-kva.example.org:1024/", ["93.184.216.34"]),
    ],
)
async def test_public_addresses_are_spoken_to(url: str, dialled: list[str]):
    network = Detour(0)
    names = Names(
        **{"public.example.org": [["93.184.216.34"]]},
        **{"xn--bcher-kva.example.org": [["93.184.216.34"]]},
    )

    with pytest.raises(ReceiverUnavailable):
        await Outbound(resolve=names, network=network).post(parse(url), headers={}, body=b"")

    assert network.dialled == dialled


def test_a_network_that_is_allowed_is_spoken_to_and_its_neighbours_are_not():
    allowed = networks(["192.168.1.0/24", "::1/128", "169.254.0.0/16", "::ffff:0:0/96"], "here")

    def cause(text: str) -> str:
        return cause_against(ipaddress.ip_address(text), allowed)

    assert cause("192.168.1.7") == cause("::1") == ""
    assert cause("192.168.2.7") == "private"
    assert cause("169.254.169.254") == "link_local"
    assert cause("::ffff:192.168.1.7") == "embedded"


def test_a_network_that_is_none_is_refused():
    with pytest.raises(SettingsInvalid, match="no network"):
        networks(["192.168.1.7/24"], "outbound.allow")


async def test_without_tls_only_an_allowed_loopback_is_spoken_to():
    allowed = networks(["127.0.0.0/8", "192.168.1.0/24"], "here")
    network = Detour(0)
    outbound = Outbound(allowed=allowed, resolve=RESOLVED, network=network)

    with pytest.raises(AddressForbidden, match="without TLS"):
        await outbound.post(parse("http://192.168.1.7/"), headers={}, body=b"")
    with pytest.raises(ReceiverUnavailable):
        await outbound.post(parse("http://127.0.0.1:8080/"), headers={}, body=b"")

    assert network.dialled == ["127.0.0.1"]


@given(st.text(max_size=60) | st.text("htps:/@.[]#?%\\0x1:a-", max_size=40).map("https://".__add__))
def test_no_text_is_more_than_an_address_or_a_refusal(text: str):
    try:
        target = parse(text)
    except AddressForbidden:
        return

    assert target.scheme in {"https", "http"}
    assert target.host
    assert target.path.startswith("/")
    assert not {"\r", "\n", " "} & set(target.path + target.authority)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_what_is_not_global_is_never_spoken_to(ip: ipaddress.IPv4Address | ipaddress.IPv6Address):
    everywhere = networks(["0.0.0.0/0", "::/0"], "here")

    if not ip.is_global or ip.is_multicast:
        assert cause_against(ip)
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        assert cause_against(ip, everywhere)
