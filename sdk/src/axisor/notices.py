"""What people are told when they do not look, and what a notifier plugin offers to tell it by.

A notifier sends one notice to one target and says how that ended. It never tries again by itself:
the core does, from what it wrote down before. Whatever leaves goes by the `Way` it is given, which
speaks to no address that the settings do not allow.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from axisor.errors import FieldInvalid
from axisor.model import Mode
from axisor.ports import Secret


class NoticeLevel(enum.StrEnum):
    """How loud a notice is, from the quietest to the loudest."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    ACT = "act"
    CRIT = "crit"
    LOST = "lost"

    @property
    def rank(self) -> int:
        """Return its place on the ladder, 0 for the quietest."""
        return _LADDER.index(self)

    @property
    def pierces(self) -> bool:
        """Return whether it comes through quiet hours, and before all others."""
        return self in (NoticeLevel.CRIT, NoticeLevel.LOST)


_LADDER = tuple(NoticeLevel)
_SPAN = re.compile(r"([0-9]{1,5})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def minutes_of(text: str) -> int:
    """Return the minutes of a span that a person wrote, such as `30m` or `2h`; `off` is 0.

    Raises FieldInvalid.
    """
    if text == "off":
        return 0
    found = _SPAN.fullmatch(text)
    if found is None:
        raise FieldInvalid(f"`{text}` is no span such as 30m, 2h, or off.", field="span")
    return int(found[1]) * _MINUTES[found[2]]


class Notice(Struct, frozen=True, kw_only=True):
    """One thing that somebody is told, in words of their language.

    `id` stays the same with each try, so that a receiver can leave repeats out. `episode` is what
    belongs together: what goes wrong, gets worse and is over. `title` fits a lock screen; `effect`
    says what it means for the money, `next_step` what happens next or what to do; both may be
    empty.
    """

    id: str
    episode: str
    level: NoticeLevel
    kind: str
    mode: Mode
    account: str
    position: str = ""
    title: str
    effect: str = ""
    next_step: str = ""
    time: datetime

    @property
    def headline(self) -> str:
        """Return the first line: how loud, the mode unless it is LIVE, and the title."""
        word = "ACTED" if self.level is NoticeLevel.ACT else self.level.name
        mode = "" if self.mode is Mode.LIVE else f"[{self.mode.name}] "
        return f"{word} {mode}{self.title}"

    @property
    def text(self) -> str:
        """Return the whole notice as plain text of one to three lines."""
        return "\n".join(part for part in (self.headline, self.effect, self.next_step) if part)

    def record(self) -> bytes:
        """Return the notice as JSON for programs, its fields in their order."""
        return msgspec.json.encode(self)


class TargetField(Struct, frozen=True, kw_only=True):
    """One thing that a target is made of; a secret is sealed and never shown again.

    `example` is of good form and leads nowhere: checks are made with it.
    """

    name: str
    description: str
    example: str
    secret: bool = False
    required: bool = True


class Target:
    """Where one channel sends to: what its owner gave for each field. Its repr shows nothing."""

    __slots__ = ("_secrets", "_values")

    def __init__(self, values: Mapping[str, str], secrets: Mapping[str, Secret]) -> None:
        self._values = dict(values)
        self._secrets = dict(secrets)

    def __repr__(self) -> str:
        return "Target(…)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a target is not written down")

    def get(self, name: str, default: str = "") -> str:
        """Return a field that is no secret, or the default where it was not given."""
        return self._values.get(name) or default

    def secret(self, name: str) -> str:
        """Return a secret field in clear, empty where it was not given. Use it where it is sent."""
        found = self._secrets.get(name)
        return "" if found is None else found.reveal()


class Answer(Struct, frozen=True):
    """What a service said: its status, its body, and headers with names in small letters."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Way(Protocol):
    """The way out of the core. No redirect is followed and no proxy is asked."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        ...

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body over HTTP and return the answer, whatever its status.

        Raises AddressForbidden for an address that is not spoken to, DeliveryDelayed where nothing
        was sent, DeliveryUnknown where it may have arrived.
        """
        ...

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the IP addresses of a host, each of which may be spoken to. Raises as `post`."""
        ...

    @property
    def authority(self) -> str:
        """Return certificates (PEM) that may sign for receivers beside the usual ones."""
        ...


class Receipt(Struct, frozen=True):
    """The service has it; `id` is how it calls the message, where it says so."""

    id: str = ""


@runtime_checkable
class Notifier(Protocol):
    """One kind of channel, such as Telegram. One object serves every channel of its kind.

    `duplicates_harmless` says that a message that may have arrived may be sent again; otherwise its
    outcome stays unknown and it is given up. `per_minute` is how many messages one channel takes
    usually, `fields` what makes a target.
    """

    @property
    def name(self) -> str:
        """Return the name that channels are made by: small letters, digits, hyphens."""
        ...

    @property
    def summary(self) -> str:
        """Return what it is, in a few words."""
        ...

    @property
    def fields(self) -> Sequence[TargetField]:
        """Return what makes a target."""
        ...

    @property
    def duplicates_harmless(self) -> bool:
        """Return whether a message of unknown outcome may be sent again."""
        ...

    @property
    def per_minute(self) -> int:
        """Return how many messages a minute one channel takes."""
        ...

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for a target that can lead nowhere. Ask nobody."""
        ...

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Send a notice once, and return once the service has it.

        Raises DeliveryDelayed for what may work later, DeliveryRefused for what never will,
        DeliveryUnknown where it may have arrived, and AddressForbidden. No error names a secret.
        """
        ...


def missing(fields: Sequence[TargetField], target: Target) -> str:
    """Return the name of a required field that a target lacks, empty where none does."""
    for field in fields:
        given = target.secret(field.name) if field.secret else target.get(field.name)
        if field.required and not given:
            return field.name
    return ""
