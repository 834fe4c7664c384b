"""Keeps a sign-in on this machine: who, at which core, and the tokens, in a private file each.

An access token that is nearly over is exchanged before it is used; of two commands at once one
exchanges it and the other reads what came of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.ports import Secret
from axisor_cli import private

if TYPE_CHECKING:
    from axisor.wire.people import SignedIn

SOON = timedelta(seconds=60)
"""How long an access token must still be good to be used."""


class Saved(Struct, frozen=True, kw_only=True):
    """A sign-in as it is kept; its repr shows no token."""

    target: str
    person: str
    device_key: str
    session: str = ""
    access: str = ""
    access_until: datetime | None = None
    refresh: str = ""

    def __repr__(self) -> str:
        return f"Saved({self.target!r}, {self.person!r}, …)"

    @property
    def is_in(self) -> bool:
        """Return whether somebody is signed in."""
        return bool(self.refresh)

    def is_fresh(self, now: datetime) -> bool:
        """Return whether the access token can be used as it is."""
        return self.access_until is not None and now + SOON < self.access_until

    def after(self, signed: SignedIn) -> Saved:
        """Return it with new tokens."""
        return msgspec.structs.replace(
            self,
            person=signed.person or self.person,
            session=signed.session or self.session,
            access=signed.access.reveal(),
            access_until=signed.access_until,
            refresh=self.refresh if signed.refresh is None else signed.refresh.reveal(),
        )

    def out(self) -> Saved:
        """Return what stays when nobody is signed in: the device is still known."""
        return msgspec.structs.replace(self, session="", access="", access_until=None, refresh="")


class Shelf:
    """The file of a sign-in at one core."""

    def __init__(self, environment: Mapping[str, str], home: Path, target: str) -> None:
        base = environment.get("XDG_STATE_HOME")
        folder = (Path(base) if base else home / ".local" / "state") / "axisor" / "sign-ins"
        name = hashlib.sha256(target.encode()).hexdigest()[:16]
        self.path = folder / f"{name}.json"
        self._target = target

    def read(self) -> Saved | None:
        """Return the sign-in or None. Raises SettingsInvalid for a file that others can read."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise SettingsInvalid(
                    f"{self.path} holds tokens and others can read it.",
                    fix=f"Delete it and sign in again: {self.path}",
                    path=self.path,
                )
            content = file.read()
        try:
            return msgspec.json.decode(content, type=Saved)
        except msgspec.DecodeError:
            return None

    def begin(self) -> Saved:
        """Return the sign-in, or one of a device that is new."""
        found = self.read()
        if found is not None:
            return found
        return Saved(target=self._target, person="", device_key=secrets.token_urlsafe(32))

    def write(self, saved: Saved) -> None:
        """Keep a sign-in, replacing what was there as a whole."""
        private.replace(self.path, msgspec.json.encode(saved))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other commands from exchanging the token meanwhile."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(
            self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, private.PRIVATE
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def now() -> datetime:
    """Return the time by which tokens end."""
    return datetime.now(UTC)


def secret_of(saved: Saved) -> Secret:
    """Return the access token."""
    return Secret(saved.access)
