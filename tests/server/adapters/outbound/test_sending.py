"""What is sent arrives where the check said, and a receiver that misbehaves costs five seconds."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.receivers import NAME, Detour, Names, Receiver, certificate, receiving

from axisor.errors import AddressForbidden, ReceiverUnavailable
from axisor.notices import Answer
from axisor_server.adapters.outbound.addresses import networks, parse
from axisor_server.adapters.outbound.sending import (
    MOST_ANSWER,
    TIMEOUT_S,
    Outbound,
    system_resolve,
)

PUBLIC = "93.184.216.34"
HERE = networks(["127.0.0.0/8"], "outbound.allow")


def outbound(timeout_s: float = TIMEOUT_S) -> Outbound:
    return Outbound(allowed=HERE, timeout_s=timeout_s)


async def send(receiver: Receiver, sender: Outbound | None = None) -> Answer:
    target = parse(f"http://127.0.0.1:{receiver.port}/hook?a=b")
    return await (sender or outbound()).post(target, headers={"X-Kind": "test"}, body=b"hello")


async def failure(receiver: Receiver, sender: Outbound | None = None) -> dict[str, str]:
    with pytest.raises(ReceiverUnavailable) as caught:
        await send(receiver, sender)
    assert "hook" not in str(caught.value)  # a path may be a secret
    return caught.value.metadata


async def test_a_receiver_gets_what_was_sent():
    async with receiving(Receiver()) as receiver:
        answer = await send(receiver)

    (asked,) = receiver.asked
    assert answer == Answer(200, b"ok", {"content-length": "2"})
    assert (asked.line, asked.body) == ("POST /hook?a=b HTTP/1.1", b"hello")
    assert asked.headers["x-kind"] == "test"
    assert asked.headers["host"] == f"127.0.0.1:{receiver.port}"


async def test_a_name_that_leads_elsewhere_after_the_check_is_still_where_it_was(tmp_path: Path):
    own = certificate(tmp_path, NAME)
    names = Names(**{NAME: [[PUBLIC], ["127.0.0.1"]]})

    async with receiving(Receiver(), certificate=own) as receiver:
        network = Detour(receiver.port)
        sender = Outbound(authority=own.certificate.decode(), resolve=names, network=network)
        answer = await sender.post(parse(f"https://{NAME}/hook"), headers={}, body=b"")
        with pytest.raises(AddressForbidden):
            await sender.post(parse(f"https://{NAME}/hook"), headers={}, body=b"")

    assert answer.status == 200
    assert names.asked == [NAME, NAME]  # once a request
    assert network.dialled == [PUBLIC]
    assert receiver.names == [NAME]
    assert receiver.asked[0].headers["host"] == NAME


async def test_the_next_address_of_a_name_is_tried_where_the_first_is_away():
    async with receiving(Receiver()) as receiver:
        names = Names(**{"two.example.org": [["127.0.0.2", "127.0.0.1"]]})
        sender = Outbound(allowed=HERE, resolve=names)
        target = parse(f"http://two.example.org:{receiver.port}/")

        assert (await sender.post(target, headers={}, body=b"")).status == 200


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path):
    own = certificate(tmp_path, "another.example.org")
    async with receiving(Receiver(), certificate=own) as receiver:
        sender = Outbound(
            authority=own.certificate.decode(),
            resolve=Names(**{NAME: [[PUBLIC]]}),
            network=Detour(receiver.port),
        )
        with pytest.raises(ReceiverUnavailable) as caught:
            await sender.post(parse(f"https://{NAME}/"), headers={}, body=b"")

    assert caught.value.metadata == {"cause": "tls", "host": NAME}
    assert receiver.asked == []


async def test_a_certificate_that_nobody_known_signed_is_refused(tmp_path: Path):
    own = certificate(tmp_path, NAME)
    async with receiving(Receiver(), certificate=own) as receiver:
        sender = Outbound(resolve=Names(**{NAME: [[PUBLIC]]}), network=Detour(receiver.port))
        with pytest.raises(ReceiverUnavailable) as caught:
            await sender.post(parse(f"https://{NAME}/"), headers={}, body=b"")

    assert caught.value.metadata["cause"] == "tls"
    assert receiver.asked == []


async def test_a_redirect_is_an_answer_and_is_not_followed():
    async with receiving(Receiver()) as elsewhere, receiving(Receiver()) as receiver:
        receiver.status = "307 Temporary Redirect"
        receiver.head = b"Location: http://127.0.0.1:%d/\r\n" % elsewhere.port

        answer = await send(receiver)

    assert answer.status == 307
    assert elsewhere.asked == []


async def test_a_receiver_that_says_nothing_is_given_up():
    async with receiving(Receiver()) as receiver:
        receiver.silent = True
        assert (await failure(receiver, outbound(0.05)))["cause"] == "timeout"


async def test_an_answer_that_comes_in_drops_is_given_up_all_the_same():
    async with receiving(Receiver()) as receiver:
        receiver.head = b"Transfer-Encoding: chunked\r\n"
        receiver.body, receiver.endless = b"", b"1\r\nx\r\n"
        metadata = await failure(receiver, outbound(0.05))

    assert metadata["cause"] in {"timeout", "answer_too_large"}


@pytest.mark.parametrize("extra", [0, 1])
async def test_an_answer_of_more_than_64_kib_is_not_read(extra: int):
    async with receiving(Receiver()) as receiver:
        receiver.body = b"x" * (MOST_ANSWER + extra)
        if not extra:
            assert len((await send(receiver)).body) == MOST_ANSWER
            return
        assert (await failure(receiver))["cause"] == "answer_too_large"


async def test_endless_headers_are_no_answer():
    async with receiving(Receiver()) as receiver:
        receiver.head = b"X-Long: " + b"x" * 300_000
        assert (await failure(receiver))["cause"] == "protocol"


async def test_an_answer_that_claims_to_be_small_when_unpacked_is_not_unpacked():
    async with receiving(Receiver()) as receiver:
        receiver.head = b"Content-Encoding: gzip\r\n"
        receiver.body = b"not gzip at all"

        assert (await send(receiver)).body == b"not gzip at all"


async def test_who_does_not_speak_http_is_no_receiver():
    async with receiving(Receiver()) as receiver:
        receiver.status = "\x00 nonsense"
        assert (await failure(receiver))["cause"] == "protocol"


async def test_a_receiver_that_is_away_is_said_to_be():
    async with receiving(Receiver()) as receiver:
        pass
    assert (await failure(receiver))["cause"] == "connection"


async def test_a_name_that_nobody_knows_is_said_to_be():
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(ReceiverUnavailable) as caught:
        await Outbound(resolve=unknown).post(parse(f"https://{NAME}/"), headers={}, body=b"")

    assert caught.value.metadata == {"cause": "unknown_host", "host": NAME}


async def test_the_system_resolves_an_address_to_itself():
    assert await system_resolve("127.0.0.1", 443) == ("127.0.0.1",)


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async with receiving(Receiver()) as receiver:
        assert (await send(receiver)).status == 200
