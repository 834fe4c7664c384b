"""The folder of a bot: its token, who was paired, and how far it has come, in private files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from axisor.ports import Secret
from axisor_bot.cards import Card
from axisor_bot.errors import HomeInvalid
from axisor_bot.folder import Folder
from axisor_bot.people import Pairing, Person

MOST_CARDS = 200


class Kept(Struct, frozen=True):
    """How far the messages of the chat service were handled: the last one's number."""

    offset: int = 0


class Home(Folder):
    """What a bot keeps that pairs people by codes."""

    @property
    def token(self) -> Secret:
        """Return the token of the chat service. Raises HomeInvalid."""
        path = self.folder / "token"
        try:
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text:
            raise HomeInvalid(
                f"{path} holds no token.", fix="Give it one: axisor bot telegram token."
            )
        return Secret(text)

    def keep_token(self, token: Secret) -> None:
        """Keep the token of the chat service."""
        self._write(self.folder / "token", token.reveal().encode())

    @property
    def offset(self) -> int:
        """Return the number of the last message that was handled; 0 before the first."""
        found = self._read(self.folder / "offset.json", Kept)
        return 0 if found is None else found.offset

    def keep_offset(self, offset: int) -> None:
        """Keep how far messages were handled."""
        self._write(self.folder / "offset.json", msgspec.json.encode(Kept(offset)))

    def people(self) -> list[Person]:
        """Return everybody who was paired."""
        paths = sorted((self.folder / "people").glob("*.json"))
        return [found for path in paths if (found := self._read(path, Person)) is not None]

    def person(self, key: str) -> Person | None:
        """Return somebody, None where they were never paired."""
        return self._read(self.folder / "people" / f"{key}.json", Person)

    def keep_person(self, person: Person) -> None:
        """Keep somebody, in place of what was known of them."""
        path = self.folder / "people" / f"{person.key}.json"
        self._write(path, msgspec.json.encode(person))

    def forget(self, key: str) -> None:
        """Forget somebody, with their token and how far they were told."""
        for path in (self._cursor(key), self.folder / "people" / f"{key}.json"):
            path.unlink(missing_ok=True)

    def cursor(self, key: str) -> int | None:
        """Return the last event that somebody was told, None before the first."""
        found = self._read(self._cursor(key), Kept)
        return None if found is None else found.offset

    def keep_cursor(self, key: str, sequence: int) -> None:
        """Keep how far somebody was told."""
        self._write(self._cursor(key), msgspec.json.encode(Kept(sequence)))

    def _cursor(self, key: str) -> Path:
        return self.folder / "told" / f"{key}.json"

    def add_pairing(self, id: str, pairing: Pairing) -> None:
        """Keep a code that waits."""
        self._write(self.folder / "pairings" / f"{id}.json", msgspec.json.encode(pairing))

    def open_pairings(self, now: datetime) -> bool:
        """Return whether any code waits."""
        return any(pairing.is_open(now) for _, pairing in self._pairings())

    def take_pairing(self, code: str, now: datetime) -> Pairing | None:
        """Return what a code is for, once; None where it fits none. A miss counts against all."""
        still = []
        for path, pairing in self._pairings():
            if pairing.is_open(now):
                still.append((path, pairing))
            else:
                path.unlink()
        for path, pairing in still:
            if pairing.fits(code):
                path.unlink()
                return pairing
        for path, pairing in still:
            tried = msgspec.structs.replace(pairing, tries=pairing.tries + 1)
            self._write(path, msgspec.json.encode(tried))
        return None

    def _pairings(self) -> list[tuple[Path, Pairing]]:
        paths = sorted((self.folder / "pairings").glob("*.json"))
        found = [(path, self._read(path, Pairing)) for path in paths]
        return [(path, pairing) for path, pairing in found if pairing is not None]

    def cards(self, now: datetime) -> dict[str, Card]:
        """Return the cards that wait, by key, oldest first."""
        found = self._read(self.folder / "cards.json", tuple[Card, ...]) or ()
        return {card.key: card for card in found if now < card.until}

    def keep_cards(self, cards: Mapping[str, Card]) -> None:
        """Keep the cards that wait, the newest of them where there are too many."""
        kept = list(cards.values())[-MOST_CARDS:]
        self._write(self.folder / "cards.json", msgspec.json.encode(kept))
