"""Answers a venue plugin as an exchange once did, and tells what is no longer as it was."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence

from axisor.testing.cassettes.lines import Script
from axisor.testing.cassettes.scrubbing import Scrubber
from axisor.testing.cassettes.serving import Receive, Scope, Send, answer, body_of, target_of
from axisor.testing.cassettes.tape import (
    Ended,
    Entry,
    Exchange,
    Opened,
    Said,
    canonical,
    canonical_query,
)

NOT_IN_IT = 501
"""Answers a request that the cassette does not have."""

MOST_TOLD = 5

Key = tuple[str, str, str, str]


class CassetteMismatch(AssertionError):
    """A plugin asked for what a cassette does not have, or not for what it has."""


class Player:
    """An ASGI application that says again what is in a cassette.

    Reads are answered as they were between the same two changes, in their order, the last one again
    and again. Each change is answered once.
    """

    def __init__(
        self, entries: Sequence[Entry], scrubber: Scrubber, *, ignored: Collection[str]
    ) -> None:
        self._scrubber = scrubber
        self._ignored = ignored
        self._changes = 0
        self._unexpected: list[str] = []
        self._answers: dict[Key, list[Exchange]] = defaultdict(list)
        self._scripts: dict[str, list[Script]] = defaultdict(list)
        scripts: dict[int, Script] = {}
        for each in entries:
            match each:
                case Exchange():
                    self._answers[self._key(each.method, each.path, each.query, each.body)].append(
                        each
                    )
                case Opened():
                    scripts[each.line] = Script(ignored)
                    self._scripts[each.path].append(scripts[each.line])
                case Said() | Ended():
                    scripts[each.line].add(each)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or play one WebSocket."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._line(scope, receive, send)

    def check(self) -> None:
        """Raise CassetteMismatch where the plugin said something else than it did then."""
        left = [
            f"it no longer asks for {each.method} {each.path} {each.body}".rstrip()
            for found in self._answers.values()
            for each in found
            if not each.reads
        ]
        if found := [*self._unexpected, *left]:
            more = f", and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
            raise CassetteMismatch(
                f"The conversation is another one: {'; '.join(found[:MOST_TOLD])}{more}."
                " Record it again if that is meant: axisor plugin test --record"
            )

    def _key(self, method: str, path: str, query: str, body: str) -> Key:
        return (
            method,
            path,
            canonical_query(query, self._ignored),
            canonical(body, self._ignored),
        )

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, query = target_of(scope)
        body = (await body_of(receive)).decode(errors="replace")
        headers = dict(scope["headers"])
        is_form = headers.get(b"content-type", b"").startswith(b"application/x-www-form")
        scrubber, method = self._scrubber, scope["method"]
        asked = scrubber.query(body) if is_form else scrubber.text(body)
        found = self._take(self._key(method, scrubber.text(path), scrubber.query(query), asked))
        if found is None:
            told = f"{method} {path} {query} {asked}".rstrip()
            self._unexpected.append(f"it asks for {told}, which is not in the cassette")
            await answer(send, NOT_IN_IT, {"content-type": "text/plain"}, told.encode())
            return
        await answer(send, found.status, found.headers, found.answer.encode())

    def _take(self, key: Key) -> Exchange | None:
        known = self._answers[key]
        if not known:
            return None
        if not known[0].reads:
            self._changes += 1
            return known.pop(0)
        # Those of an earlier state are over once something of a later one was told.
        while len(known) > 1 and known[1].changes <= self._changes:
            if known[0].changes == self._changes:
                return known.pop(0)
            known.pop(0)
        return known[0]

    async def _line(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, _ = target_of(scope)
        await receive()
        known = self._scripts[self._scrubber.text(path)]
        if not known:
            self._unexpected.append(f"it opens {path}, which is not in the cassette")
            await send({"type": "websocket.close", "code": 1011})
            return
        script = known.pop(0) if len(known) > 1 else known[0].again()
        await send({"type": "websocket.accept"})
        telling = asyncio.create_task(script.tell(send))
        try:
            while (message := await receive())["type"] == "websocket.receive":
                text = message.get("text") or message["bytes"].decode(errors="replace")
                if not script.hear(text, self._scrubber.text(text)):
                    self._unexpected.append(
                        f"it says {self._scrubber.text(text)} on {path},"
                        " which is not in the cassette"
                    )
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
