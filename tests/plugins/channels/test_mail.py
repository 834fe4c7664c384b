"""A letter reaches a mail server over TLS, at the address that was checked, or it says why not."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl

import pytest

from axisor.errors import (
    AddressForbidden,
    AxisorError,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
)
from axisor.notices import Target
from axisor.ports import Secret
from axisor_channels import Mail
from axisor_server.adapters import tls
from axisor_server.adapters.outbound.sending import Outbound
from axisor_server.adapters.outbound.way import OutboundWay
from axisor_server.adapters.system import SystemClock
from tests.plugins.channels.test_channels import NOTICE
from tests.server.adapters.test_post import Server, certificate, context, started

__all__ = ["certificate", "context", "started"]


def target(port: int, tls: str = "starttls", **more: str) -> Target:
    values = {
        "host": "localhost",
        "port": str(port),
        "tls": tls,
        "sender": "axisor@example.org",
        "recipient": "ada@example.org",
        "user": "axisor",
    }
    return Target(values | more, {"password": Secret("canary")})


async def found(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def way(certificate: tls.Certificate, *, allowed: str = "127.0.0.0/8") -> OutboundWay:
    networks = (ipaddress.ip_network(allowed),) if allowed else ()
    pem = certificate.certificate.decode()
    return OutboundWay(Outbound(allowed=networks, authority=pem, resolve=found), SystemClock())


@pytest.mark.parametrize("implicit", [False, True])
async def test_a_letter_is_handed_over_encrypted(
    certificate: tls.Certificate,
    context: ssl.SSLContext,
    started: list[asyncio.Server],
    implicit: bool,
):
    server = Server(context, implicit=implicit)
    started.append(await server.start())

    receipt = await Mail().send(
        NOTICE, target(server.port, "implicit" if implicit else "starttls"), way(certificate)
    )

    (letter,) = server.letters
    assert server.encrypted == [True]
    assert server.signed_in == ["\0axisor\0canary"]
    assert letter["Subject"] == NOTICE.headline
    assert letter["Message-ID"] == receipt.id == f"<{NOTICE.id}@example.org>"
    assert NOTICE.effect in letter.get_content()  # type: ignore[attr-defined]


async def test_on_this_machine_a_letter_may_go_without_tls(
    certificate: tls.Certificate, started: list[asyncio.Server]
):
    server = Server(None, implicit=False)
    started.append(await server.start())

    await Mail().send(NOTICE, target(server.port, "none"), way(certificate))

    assert server.encrypted == [False]


@pytest.mark.parametrize("word", ["MAIL", "RCPT"])
async def test_what_the_server_refuses_is_given_up_without_its_words(
    certificate: tls.Certificate, started: list[asyncio.Server], word: str
):
    server = Server(None, implicit=False, refuse=word)
    started.append(await server.start())

    with pytest.raises(DeliveryRefused, match="550") as raised:
        await Mail().send(NOTICE, target(server.port, "none"), way(certificate))

    assert "pr_secret" not in str(raised.value)


async def test_a_certificate_that_counts_not_sends_nothing(
    certificate: tls.Certificate, context: ssl.SSLContext, started: list[asyncio.Server]
):
    server = Server(context, implicit=False)
    started.append(await server.start())
    networks = (ipaddress.ip_network("127.0.0.0/8"),)
    stranger = OutboundWay(Outbound(allowed=networks, resolve=found), SystemClock())

    with pytest.raises(DeliveryDelayed):
        await Mail().send(NOTICE, target(server.port), stranger)

    assert server.letters == []
    assert server.signed_in == []


async def test_elsewhere_letters_go_by_tls_only(certificate: tls.Certificate):
    async def elsewhere(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    leading = OutboundWay(Outbound(resolve=elsewhere), SystemClock())

    with pytest.raises(DeliveryRefused, match="this machine only"):
        await Mail().send(NOTICE, target(25, "none"), leading)


async def test_an_address_that_is_not_allowed_is_not_spoken_to(certificate: tls.Certificate):
    with pytest.raises(AddressForbidden):
        await Mail().send(NOTICE, target(25), way(certificate, allowed=""))


@pytest.mark.parametrize(("last", "error"), [("RCPT", DeliveryDelayed), ("DATA", DeliveryUnknown)])
async def test_a_line_that_breaks_is_unknown_only_once_the_letter_was_on_its_way(
    certificate: tls.Certificate,
    started: list[asyncio.Server],
    last: str,
    error: type[AxisorError],
):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().upper():
            if line.startswith(last):
                break
            answers = {"AUTH": b"235 in\r\n", "EHLO": b"250-here\r\n250 AUTH PLAIN\r\n"}
            writer.write(answers.get(line[:4], b"250 fine\r\n"))
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    started.append(server)
    port = server.sockets[0].getsockname()[1]

    with pytest.raises(error):
        await Mail().send(NOTICE, target(port, "none"), way(certificate))
