"""One WebSocket of a cassette: what the exchange says again once the plugin has said its part."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from axisor.testing.cassettes.serving import Send
from axisor.testing.cassettes.tape import Ended, Said, canonical, id_of, with_id

SENDABLE = frozenset((1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013))
"""Close codes below 3000 that a server may send."""


class Script:
    """What was said on one WebSocket.

    What the exchange said comes once the plugin has said all that it had said before it, under the
    ids of now. A plugin that says something once more gets the answer once more.
    """

    def __init__(self, ignored: Collection[str]) -> None:
        self._ignored = {*ignored, "id"}
        self._entries: list[Said | Ended] = []
        self._heard: set[int] = set()
        self._ids: dict[str | int, str | int] = {}
        self._again: list[str] = []
        self._news = asyncio.Event()

    def add(self, entry: Said | Ended) -> None:
        """Add what came next."""
        self._entries.append(entry)

    def again(self) -> Script:
        """Return the same from its beginning."""
        made = Script(self._ignored)
        made._entries = self._entries
        return made

    def hear(self, text: str, scrubbed: str) -> bool:
        """Take what the plugin says; False where it never said that."""
        wanted = canonical(scrubbed, self._ignored)
        same = [
            place
            for place, entry in enumerate(self._entries)
            if isinstance(entry, Said)
            and entry.by == "plugin"
            and canonical(entry.text, self._ignored) == wanted
        ]
        if not same:
            return False
        place = next((each for each in same if each not in self._heard), same[-1])
        before, now = id_of(self._text(place)), id_of(text)
        if place in self._heard:
            self._again.extend(self._answers(before, now))
        self._heard.add(place)
        if before is not None and now is not None:
            self._ids[before] = now
        self._news.set()
        return True

    def _text(self, place: int) -> str:
        entry = self._entries[place]
        return entry.text if isinstance(entry, Said) else ""

    def _answers(self, before: str | int | None, now: str | int | None) -> list[str]:
        if before is None or now is None:
            return []
        told = (e.text for e in self._entries if isinstance(e, Said) and e.by == "exchange")
        return [with_id(text, before, now) for text in told if id_of(text) == before]

    async def tell(self, send: Send) -> None:
        """Say what the exchange said, each thing when it is its turn, until cancelled."""
        for place, entry in enumerate(self._entries):
            if isinstance(entry, Said) and entry.by == "plugin":
                continue
            before = {
                each
                for each, said in enumerate(self._entries[:place])
                if isinstance(said, Said) and said.by == "plugin"
            }
            await self._until(before, send)
            if isinstance(entry, Ended):
                await send({"type": "websocket.close", "code": _sendable(entry.code)})
                return
            id = id_of(entry.text)
            text = entry.text
            if id is not None and id in self._ids:
                text = with_id(text, id, self._ids[id])
            await send({"type": "websocket.send", "text": text})
        await self._until({-1}, send)  # nothing more was said; what is repeated is answered

    async def _until(self, heard: set[int], send: Send) -> None:
        while True:
            self._news.clear()
            while self._again:
                await send({"type": "websocket.send", "text": self._again.pop(0)})
            if heard <= self._heard:
                return
            await self._news.wait()


def _sendable(code: int) -> int:
    """Return a close code that may be sent: a line that broke has none."""
    return code if code in SENDABLE or code >= 3000 else 1011
