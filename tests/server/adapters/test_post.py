"""Letters reach a mail server or a private folder, and nothing of them reaches the log."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import ssl
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from axisor.ports import Secret
from axisor.testing.clock import FixedClock
from axisor_server.adapters import tls
from axisor_server.adapters.post import FolderPost, SmtpPost, SmtpServer

SENDER = "axisor@example.org"
TEXT = "Choose it within 15 minutes:\n\n  axisor auth reset --proof pr_secret\n"


class Server:
    """Enough of RFC 5321 to take a letter, with STARTTLS and AUTH PLAIN where told."""

    def __init__(self, context: ssl.SSLContext | None, *, implicit: bool, refuse: str = "") -> None:
        self.letters: list[email.message.Message] = []
        self.signed_in: list[str] = []
        self.encrypted: list[bool] = []
        self._context = context
        self._implicit = implicit
        self._refuse = refuse
        self.port = 0

    async def start(self) -> asyncio.Server:
        """Listen on loopback."""
        server = await asyncio.start_server(
            self._talk, "127.0.0.1", 0, ssl=self._context if self._implicit else None
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 here")
        secure = self._implicit
        while line := (await reader.readline()).decode().strip():
            word = line.split()[0].upper()
            if word == "EHLO":
                say("250-here")
                if self._context is not None and not secure:
                    say("250-STARTTLS")
                say("250 AUTH PLAIN")
            elif word == "STARTTLS":
                say("220 go on")
                assert self._context is not None
                await writer.start_tls(self._context)
                secure = True
            elif word == "AUTH":
                self.signed_in.append(base64.b64decode(line.split()[2]).decode())
                say("235 welcome")
            elif word == "DATA":
                say("354 go on")
                lines = []
                while (text := await reader.readline()) != b".\r\n":
                    lines.append(text)
                letter = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                self.letters.append(letter)
                self.encrypted.append(secure)
                say("250 taken")
            elif word == self._refuse:
                say(f"550 no, says who wrote {TEXT.rsplit(maxsplit=1)[-1]}")
            elif word == "QUIT":
                say("221 bye")
                break
            else:
                say("250 fine")
        writer.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tls.Certificate:
    return tls.load_or_make(tmp_path / "tls", FixedClock(datetime.now(UTC)))


@pytest.fixture
def context(certificate: tls.Certificate, tmp_path: Path) -> ssl.SSLContext:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate.certificate)
    key.write_bytes(certificate.key)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(chain, key)
    return made


@pytest.fixture
async def started() -> AsyncIterator[list[asyncio.Server]]:
    servers: list[asyncio.Server] = []
    yield servers
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("implicit", [True, False])
async def test_a_letter_is_handed_over_encrypted_by_who_signed_in(
    implicit: bool,
    context: ssl.SSLContext,
    certificate: tls.Certificate,
    started: list[asyncio.Server],
):
    server = Server(context, implicit=implicit)
    started.append(await server.start())
    post = SmtpPost(
        SmtpServer(
            host="localhost",
            port=server.port,
            sender=SENDER,
            user="core",
            password=Secret("of the mail server"),
            implicit=implicit,
            authority=certificate.certificate.decode(),
        ),
        FixedClock(),
    )

    taken = await post.deliver(id="1", to="maria@example.org", subject="Hello", text=TEXT)

    assert taken
    assert server.encrypted == [True]
    assert server.signed_in == ["\x00core\x00of the mail server"]
    letter = server.letters[0]
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        "maria@example.org",
        SENDER,
        "Hello",
    )
    assert letter["Auto-Submitted"] == "auto-generated"
    assert str(letter.get_payload()).replace("\r\n", "\n") == TEXT


async def test_a_server_that_shows_another_certificate_gets_nothing(
    context: ssl.SSLContext, started: list[asyncio.Server]
):
    server = Server(context, implicit=False)
    started.append(await server.start())
    post = SmtpPost(SmtpServer(host="localhost", port=server.port, sender=SENDER), FixedClock())

    assert not await post.deliver(id="1", to="maria@example.org", subject="Hello", text=TEXT)

    assert server.letters == []


async def test_what_a_server_refuses_is_not_in_the_log(started: list[asyncio.Server]):
    server = Server(None, implicit=False, refuse="RCPT")
    started.append(await server.start())
    post = SmtpPost(
        SmtpServer(host="127.0.0.1", port=server.port, sender=SENDER, plaintext=True), FixedClock()
    )

    with structlog.testing.capture_logs() as logs:
        taken = await post.deliver(id="1", to="maria@example.org", subject="Hello", text=TEXT)

    assert not taken
    assert "pr_secret" not in str(logs)
    assert "maria" not in str(logs)
    assert [entry["id"] for entry in logs] == ["1"]


async def test_a_server_that_is_away_takes_nothing():
    post = SmtpPost(
        SmtpServer(host="127.0.0.1", port=1, sender=SENDER, plaintext=True), FixedClock()
    )

    assert not await post.deliver(id="1", to="maria@example.org", subject="Hello", text=TEXT)


async def test_a_letter_in_the_folder_is_private(tmp_path: Path):
    post = FolderPost(tmp_path, FixedClock(), sender=SENDER)

    assert await post.deliver(id="1", to="maria@example.org", subject="Hello", text=TEXT)

    file = tmp_path / "outbox" / "1.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert b"pr_secret" in file.read_bytes()


async def test_a_folder_that_cannot_be_written_takes_nothing(tmp_path: Path):
    (tmp_path / "outbox").write_text("a file in its place")
    post = FolderPost(tmp_path, FixedClock(), sender=SENDER)

    assert not await post.deliver(id="1", to="maria@example.org", subject="Hello", text=TEXT)
