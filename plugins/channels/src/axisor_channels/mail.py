"""Mail, by a server that takes it: over TLS, to the address that was looked up and checked."""

from __future__ import annotations

import asyncio
import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime

from axisor.errors import DeliveryDelayed, DeliveryRefused, DeliveryUnknown, FieldInvalid
from axisor.notices import Notice, Receipt, Target, TargetField, Way

TIMEOUT_S = 15.0
TLS = ("starttls", "implicit", "none")
PORTS = {"starttls": "587", "implicit": "465", "none": "25"}
TAKEN = 250


class Mail:
    """Letters. Without TLS only to a server on this machine."""

    name = "mail"
    summary = "A letter by your mail server."
    duplicates_harmless = True
    per_minute = 10
    fields = (
        TargetField(name="host", description="The mail server.", example="mail.example.org"),
        TargetField(
            name="port",
            description="Its port: 587, with implicit TLS 465.",
            example="587",
            required=False,
        ),
        TargetField(
            name="tls",
            description="starttls, implicit, or none on this machine.",
            example="starttls",
            required=False,
        ),
        TargetField(name="sender", description="Whom it is from.", example="axisor@example.org"),
        TargetField(name="recipient", description="Whom it is to.", example="ada@example.org"),
        TargetField(name="user", description="Who signs in.", example="axisor", required=False),
        TargetField(
            name="password",
            description="Their password.",
            example="four words of mine",
            secret=True,
            required=False,
        ),
    )

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for what is no port, no way to speak TLS, or no address."""
        tls = target.get("tls", TLS[0])
        if tls not in TLS:
            raise FieldInvalid(f"`tls` is one of {', '.join(TLS)}.", field="tls")
        port = target.get("port", PORTS[tls])
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise FieldInvalid("`port` is a number below 65536.", field="port")
        for name in ("sender", "recipient"):
            local, _, domain = target.get(name).rpartition("@")
            odd = any(not sign.isprintable() or sign in " ,;<>" for sign in target.get(name))
            if not local or not domain or odd:
                raise FieldInvalid(f"`{name}` must be one address: ada@example.org.", field=name)
        if bool(target.get("user")) != bool(target.secret("password")):
            raise FieldInvalid("`user` and `password` go together.", field="user")

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Hand a letter to the server."""
        tls = target.get("tls", TLS[0])
        port = int(target.get("port", PORTS[tls]))
        addresses = await way.addresses(target.get("host"), port)
        if tls == "none" and not all(ipaddress.ip_address(each).is_loopback for each in addresses):
            raise DeliveryRefused("Without TLS letters go to this machine only.", cause="tls")
        letter = letter_of(notice, target)
        call = _Call(target, port, tls, addresses, way.authority)
        try:
            await asyncio.to_thread(call.hand_over, letter)
        except smtplib.SMTPResponseException as error:
            # Without the server's words: they may quote the letter.
            raise _judged(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            kind = type(error).__name__
            if call.sending:
                raise DeliveryUnknown(f"The mail server broke off ({kind}).", cause=kind) from error
            raise DeliveryDelayed(
                f"The mail server cannot be used ({kind}).", cause=kind
            ) from error
        return Receipt(str(letter["Message-ID"]))


class _Call:
    """One conversation with a mail server, in a thread of its own."""

    def __init__(
        self, target: Target, port: int, tls: str, addresses: Sequence[str], authority: str
    ) -> None:
        self._target = target
        self._port = port
        self._tls = tls
        self._addresses = addresses
        self._context = ssl.create_default_context()
        if authority:
            self._context.load_verify_locations(cadata=authority)
        self.sending = False

    def hand_over(self, letter: EmailMessage) -> None:
        """Hand a letter over. Raises SMTPException and OSError."""
        target = self._target
        with _Line(self._addresses, self._context if self._tls == "implicit" else None) as line:
            line.connect_to(target.get("host"), self._port)
            line.ehlo_or_helo_if_needed()
            if self._tls == "starttls":
                line.starttls(context=self._context)
            if target.get("user"):
                line.login(target.get("user"), target.secret("password"))
            _expect(line.mail(target.get("sender")))
            _expect(line.rcpt(target.get("recipient")))
            self.sending = True
            _expect(line.data(letter.as_bytes()))


class _Line(smtplib.SMTP):
    """A line that leads to addresses which were checked, while TLS speaks of the name."""

    def __init__(self, addresses: Sequence[str], context: ssl.SSLContext | None) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self._addresses = addresses
        self._context = context

    def connect_to(self, host: str, port: int) -> None:
        """Connect; TLS begins here where it is implicit."""
        self._host = host  # the name that a certificate must be for, also with STARTTLS
        code, text = self.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened = socket.create_connection((self._addresses[0], port), timeout)
        if self._context is None:
            return opened
        return self._context.wrap_socket(opened, server_hostname=host)


def letter_of(notice: Notice, target: Target) -> EmailMessage:
    """Return a notice as a letter, whose Message-ID is the same with each try."""
    letter = EmailMessage()
    letter["From"] = target.get("sender")
    letter["To"] = target.get("recipient")
    letter["Subject"] = notice.headline
    letter["Date"] = format_datetime(notice.time)
    domain = target.get("sender").rpartition("@")[2]
    letter["Message-ID"] = f"<{notice.id}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(notice.text)
    return letter


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code not in (TAKEN, 251):
        raise smtplib.SMTPResponseException(code, text)


def _judged(code: int) -> DeliveryDelayed | DeliveryRefused:
    text = f"The mail server answers {code}."
    if code < 500:
        return DeliveryDelayed(text, cause=code)
    return DeliveryRefused(text, cause=code)
