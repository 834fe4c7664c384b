"""What a bot of Nostr keeps: its key, whom it answers, and what it answered already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from axisor.ports import Secret
from axisor_bot.errors import HomeInvalid
from axisor_bot.folder import Folder
from axisor_bot.people import Known


class Contact(Known, frozen=True, kw_only=True):
    """Somebody who is answered; the repr shows no token."""

    npub: str

    def __repr__(self) -> str:
        return f"Contact({self.npub}, {self.role}, …)"

    @property
    def key(self) -> str:
        """Return what tells this person from all others."""
        return self.npub


class Handled(Struct, frozen=True):
    """A message that was answered, and when it was written by its sender's clock."""

    id: str
    at_s: int


class NostrHome(Folder):
    """The folder of the bot. The list of its contacts is whom it answers, and nobody else."""

    @property
    def key(self) -> Secret:
        """Return the bot's secret key. Raises HomeInvalid."""
        path = self.folder / "key"
        try:
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text:
            raise HomeInvalid(f"{path} holds no key.", fix="Make one: axisor bot nostr key --new.")
        return Secret(text)

    def keep_key(self, key: Secret) -> None:
        """Keep the bot's secret key."""
        self._write(self.folder / "key", key.reveal().encode())

    def contacts(self) -> list[Contact]:
        """Return everybody who is answered."""
        paths = sorted((self.folder / "contacts").glob("*.json"))
        return [found for path in paths if (found := self._read(path, Contact)) is not None]

    def contact(self, npub: str) -> Contact | None:
        """Return somebody, None where they are not answered."""
        return self._read(self._contact(npub), Contact)

    def keep_contact(self, contact: Contact) -> None:
        """Keep somebody, in place of what was known of them."""
        self._write(self._contact(contact.npub), msgspec.json.encode(contact))

    def forget(self, npub: str) -> None:
        """Forget somebody, with their token."""
        self._contact(npub).unlink(missing_ok=True)

    def handled(self) -> list[Handled]:
        """Return the messages that were answered of late, oldest first."""
        return self._read(self.folder / "handled.json", list[Handled]) or []

    def keep_handled(self, handled: Sequence[Handled]) -> None:
        """Keep which messages were answered."""
        self._write(self.folder / "handled.json", msgspec.json.encode(handled))

    def _contact(self, npub: str) -> Path:
        return self.folder / "contacts" / f"{npub}.json"
