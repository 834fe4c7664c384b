"""Delivers letters: to a mail server, or into a folder that whoever runs the core reads."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

import structlog
from msgspec import Struct

from axisor.ports import Clock, Secret
from axisor_server.adapters.files import replace_private

TIMEOUT_S = 20.0
FOLDER = "outbox"

log = structlog.get_logger("axisor.post")


class SmtpServer(Struct, frozen=True, kw_only=True):
    """Where letters go, and how. Without `user` nobody signs in.

    `implicit` speaks TLS from the first byte, otherwise it is begun by STARTTLS; `plaintext` never
    speaks it and is for a server on this machine. `authority` (PEM) signed the server's
    certificate, where the system's authorities did not.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: Secret | None = None
    implicit: bool = False
    plaintext: bool = False
    authority: str = ""


class SmtpPost:
    """Hands letters to a mail server."""

    def __init__(self, server: SmtpServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    async def deliver(self, *, id: str, to: str, subject: str, text: str) -> bool:
        """Hand a letter over, and return whether it was taken."""
        letter = _letter(self._clock, self._server.sender, id=id, to=to, subject=subject, text=text)
        try:
            await asyncio.to_thread(self._hand_over, letter)
        except (smtplib.SMTPException, OSError) as error:
            # Without the server's words: they may quote the letter.
            log.warning("a letter was not taken", id=id, kind=type(error).__name__)
            return False
        return True

    def _hand_over(self, letter: EmailMessage) -> None:
        server = self._server
        context = ssl.create_default_context(cadata=server.authority or None)
        if server.implicit:
            line: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_S, context=context
            )
        else:
            line = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        with line:
            if not server.implicit and not server.plaintext:
                line.starttls(context=context)
            if server.user and server.password is not None:
                line.login(server.user, server.password.reveal())
            line.send_message(letter)


class FolderPost:
    """Lays letters into a private folder, one file each."""

    def __init__(self, directory: Path, clock: Clock, *, sender: str) -> None:
        self._folder = directory / FOLDER
        self._clock = clock
        self._sender = sender

    async def deliver(self, *, id: str, to: str, subject: str, text: str) -> bool:
        """Lay a letter down, and return whether it lies there."""
        letter = _letter(self._clock, self._sender, id=id, to=to, subject=subject, text=text)
        try:
            await asyncio.to_thread(self._lay_down, f"{id}.eml", letter.as_bytes())
        except OSError as error:
            log.warning("a letter could not be written", id=id, kind=type(error).__name__)
            return False
        return True

    def _lay_down(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(self._folder / name, content)


def _letter(
    clock: Clock, sender: str, *, id: str, to: str, subject: str, text: str
) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = sender
    letter["To"] = to
    letter["Subject"] = subject
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = make_msgid(id, domain=sender.rpartition("@")[2] or "localhost")
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text)
    return letter
