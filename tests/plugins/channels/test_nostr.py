"""A message reaches the relays that its owner named, by the guarded way out, or it says why not."""

from __future__ import annotations

import ipaddress
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from pathlib import Path

import pytest
from msgspec.structs import replace

from axisor.errors import (
    AddressForbidden,
    AxisorError,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
    FieldInvalid,
)
from axisor.notices import Receipt, Target
from axisor.ports import Secret
from axisor_channels import Nostr, nostr, relays
from axisor_server.adapters import tls
from axisor_server.adapters.outbound.sending import Outbound
from axisor_server.adapters.outbound.way import OutboundWay
from axisor_server.adapters.system import SystemClock
from tests.plugins.channels.nostr import NPUB, NSEC, opened_by_them
from tests.plugins.channels.test_channels import NOTICE
from tests.support.nostr import FakeRelay, relaying
from tests.support.receivers import NAME, Names, certificate

NSEC_OF_NONE = NSEC[:-1] + "q"


@pytest.fixture
async def relay() -> AsyncIterator[FakeRelay]:
    async with relaying() as made:
        yield made


def target(*urls: str, npub: str = NPUB, nsec: str = NSEC) -> Target:
    return Target({"npub": npub, "relays": " ".join(urls)}, {"nsec": Secret(nsec)})


def way(
    *, allowed: str = "127.0.0.0/8", authority: str = "", names: Names | None = None
) -> OutboundWay:
    networks = (ipaddress.ip_network(allowed),) if allowed else ()
    return OutboundWay(
        Outbound(allowed=networks, authority=authority, resolve=names or Names()), SystemClock()
    )


async def sent(*urls: str, allowed: str = "127.0.0.0/8") -> Receipt:
    return await Nostr().send(NOTICE, target(*urls), way(allowed=allowed))


async def test_a_message_is_kept_by_every_relay_and_read_by_its_recipient(relay: FakeRelay):
    async with relaying() as second:
        receipt = await sent(relay.url, second.url)

        (gift,) = relay.kept
        assert second.kept == [gift]
    assert receipt == Receipt(gift["id"])
    found = opened_by_them(gift)
    assert found.rumor["content"] == NOTICE.text
    assert found.rumor["created_at"] == int(NOTICE.time.timestamp())


async def test_one_relay_that_has_it_is_enough(relay: FakeRelay):
    async with relaying() as gone:
        pass
    relay.refuses = ["blocked: not you"]
    async with relaying() as second:
        receipt = await sent(gone.url, relay.url, second.url)

    assert receipt.id == second.kept[0]["id"]


async def test_who_we_are_is_shown_where_it_is_asked_and_nowhere_else():
    for late in (False, True):
        async with relaying(FakeRelay(challenge="c-1", late=late)) as relay:
            await sent(relay.url)

            assert len(relay.offered) == 2
            assert len(relay.kept) == 1


async def test_a_relay_that_still_wants_no_message_after_the_proof_is_left_alone():
    async with relaying(FakeRelay(challenge="c-1")) as relay:
        relay.refuses = ["auth-required: somebody else"]

        with pytest.raises(DeliveryRefused, match="somebody else"):
            await sent(relay.url)

    assert len(relay.offered) == 2


async def test_a_second_try_is_the_same_event_and_a_repeat_does_no_harm(relay: FakeRelay):
    channel, there = Nostr(), target(relay.url)
    relay.refuses = ["rate-limited: slow down"]

    with pytest.raises(DeliveryDelayed):
        await channel.send(NOTICE, there, way())
    await channel.send(NOTICE, there, way())
    again = await channel.send(NOTICE, there, way())

    first, second, third = relay.offered
    assert first == second
    assert opened_by_them(third).rumor == opened_by_them(first).rumor
    assert again.id == third["id"]


async def test_a_relay_that_has_it_already_has_it(relay: FakeRelay):
    relay.refuses = ["duplicate: seen before"]

    assert (await sent(relay.url)).id == relay.offered[0]["id"]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("rate-limited: slow down", DeliveryDelayed),
        ("error: disk full", DeliveryDelayed),
        ("blocked: not you", DeliveryRefused),
        ("restricted: members only", DeliveryRefused),
        ("pow: 28 bits", DeliveryRefused),
        ("invalid: kind", DeliveryRefused),
        ("", DeliveryRefused),
    ],
)
async def test_a_refusal_is_told_from_a_delay(
    relay: FakeRelay, said: str, error: type[AxisorError]
):
    relay.refuses = [said]

    with pytest.raises(error) as raised:
        await sent(relay.url)

    assert said.partition(":")[2].strip() in str(raised.value)
    assert NSEC not in str(raised.value) + repr(raised.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (HTTPStatus.FORBIDDEN, DeliveryRefused),
        (HTTPStatus.TOO_MANY_REQUESTS, DeliveryDelayed),
        (HTTPStatus.BAD_GATEWAY, DeliveryDelayed),
    ],
)
async def test_a_relay_that_lets_nobody_in_gets_nothing(
    relay: FakeRelay, status: HTTPStatus, error: type[AxisorError]
):
    relay.status = status

    with pytest.raises(error, match=str(status.value)):
        await sent(relay.url)


async def test_a_redirect_is_not_followed(relay: FakeRelay):
    async with relaying() as inside:
        for where in (inside.url, f"{relay.url}/other"):
            relay.sends_to = where

            with pytest.raises(DeliveryRefused, match="elsewhere"):
                await sent(relay.url)

        assert inside.calls == 0
    assert relay.calls == 2


async def test_a_line_that_breaks_leaves_it_unknown(relay: FakeRelay):
    relay.cuts = True

    with pytest.raises(DeliveryUnknown):
        await sent(relay.url)


async def test_silence_leaves_it_unknown(relay: FakeRelay, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(relays, "TIMEOUT_S", 0.3)
    relay.silent = True

    with pytest.raises(DeliveryUnknown):
        await sent(relay.url)


async def test_where_nobody_listens_nothing_was_sent():
    async with relaying() as gone:
        pass

    with pytest.raises(DeliveryDelayed):
        await sent(gone.url)


async def test_what_may_still_work_is_said_first(relay: FakeRelay):
    async with relaying() as second:
        for said, error in (("cut", DeliveryUnknown), ("rate-limited: x", DeliveryDelayed)):
            relay.refuses, second.cuts, second.refuses = ["blocked: no"], said == "cut", [said]

            with pytest.raises(error):
                await sent(relay.url, second.url)


# ---------------------------------------------------------------- the way out


async def test_the_machine_itself_is_not_spoken_to_unless_allowed(relay: FakeRelay):
    with pytest.raises(AddressForbidden):
        await sent(relay.url, allowed="")

    assert relay.calls == 0


async def test_a_name_is_looked_up_once_and_every_address_must_be_allowed(relay: FakeRelay):
    names = Names(relay_example_org=[["93.184.216.34", "127.0.0.1"], ["127.0.0.1"]])

    with pytest.raises(AddressForbidden):
        await Nostr().send(
            NOTICE,
            target(f"ws://relay.example.org:{relay.port}"),
            way(allowed="", names=names),
        )

    assert names.asked == ["relay.example.org"]
    assert relay.calls == 0


async def test_elsewhere_messages_go_by_tls_only():
    names = Names(relay_example_org=[["93.184.216.34"]])

    with pytest.raises(DeliveryRefused, match="this machine only"):
        await Nostr().send(NOTICE, target("ws://relay.example.org"), way(names=names))


async def by_tls(folder: Path, name: str, authority: str | None = None) -> FakeRelay:
    """Send to a relay that shows a certificate for NAME, and return the relay."""
    shown = certificate(folder, NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.path, shown.path.with_name(tls.KEY_FILE))
    trusted = shown.certificate.decode() if authority is None else authority
    found = {name.replace(".", "_"): [["127.0.0.1"]]}
    async with relaying(tls=context) as relay:
        there = target(f"wss://{name}:{relay.port}")
        await Nostr().send(NOTICE, there, way(authority=trusted, names=Names(**found)))
    return relay


async def test_tls_speaks_of_the_name_and_leads_to_what_was_checked(tmp_path: Path):
    relay = await by_tls(tmp_path, NAME)

    assert relay.names == [NAME]
    assert len(relay.kept) == 1


@pytest.mark.parametrize(("name", "authority"), [("other.example.org", None), (NAME, "")])
async def test_a_certificate_that_counts_not_gets_nothing(
    tmp_path: Path, name: str, authority: str | None
):
    with pytest.raises(DeliveryDelayed):
        await by_tls(tmp_path, name, authority)


# ---------------------------------------------------------------- what makes a target


@pytest.mark.parametrize(
    ("urls", "npub", "nsec", "field"),
    [
        (["wss://r.example.org"], NPUB, "canary", "nsec"),
        (["wss://r.example.org"], NPUB, NSEC_OF_NONE, "nsec"),
        (["wss://r.example.org"], "canary", NSEC, "npub"),
        (["wss://r.example.org"], NPUB[:-1] + "q", NSEC, "npub"),
        ([], NPUB, NSEC, "relays"),
        (["https://r.example.org"], NPUB, NSEC, "relays"),
        (["wss://"], NPUB, NSEC, "relays"),
        (["wss://me:canary@r.example.org"], NPUB, NSEC, "relays"),
        (["wss://r.example.org/#x"], NPUB, NSEC, "relays"),
        (["wss://r.example.org:22"], NPUB, NSEC, "relays"),
        (["wss://r.example.org:none"], NPUB, NSEC, "relays"),
        ([f"wss://r{n}.example.org" for n in range(6)], NPUB, NSEC, "relays"),
    ],
)
def test_what_can_lead_nowhere_is_refused(urls: Sequence[str], npub: str, nsec: str, field: str):
    with pytest.raises(FieldInvalid) as raised:
        Nostr().check(target(*urls, npub=npub, nsec=nsec))

    assert raised.value.metadata["field"] == field
    assert "canary" not in str(raised.value)


async def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "nostr_sdk", None)

    with pytest.raises(FieldInvalid, match=r"axisor-channels\[nostr\]"):
        Nostr().check(target("wss://r.example.org"))
    with pytest.raises(DeliveryDelayed, match=r"axisor-channels\[nostr\]"):
        await sent("wss://r.example.org")


async def test_only_so_many_wrappings_are_kept(relay: FakeRelay, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nostr, "MOST_KEPT", 1)
    channel = Nostr()
    relay.refuses = ["error: full"] * 3

    for id, text in (("1", "one"), ("2", "two"), ("1", "one")):
        notice = replace(NOTICE, id=id, title=text)
        with pytest.raises(DeliveryDelayed):
            await channel.send(notice, target(relay.url), way())

    first, _, third = relay.offered
    assert first["id"] != third["id"]
    assert opened_by_them(first).rumor == opened_by_them(third).rumor
