"""A list of leaked passwords is asked without being told the password."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from axisor_server.adapters.breaches import Breaches

LEAKED = "correct horse battery staple"
DIGEST = hashlib.sha1(LEAKED.encode()).hexdigest().upper()


class List:
    """Answers ranges as the public list does, padding and all."""

    def __init__(self, status: str = "200 OK") -> None:
        self.asked: list[str] = []
        self._status = status

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.split()[1])
        body = f"{'0' * 35}:0\r\n{DIGEST[5:]}:7\r\n{'F' * 35}:0\r\n"
        writer.write(
            f"HTTP/1.1 {self._status}\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(answers: List) -> AsyncIterator[str]:
    server = await asyncio.start_server(answers.talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/range"


async def test_a_leaked_password_is_known_and_five_characters_of_its_hash_leave():
    answers = List()
    async with serving(answers) as url:
        breaches = Breaches(url)

        assert await breaches.knows(LEAKED)
        assert not await breaches.knows("another one that is nowhere")

    assert answers.asked[0] == f"/range/{DIGEST[:5]}"
    assert all(len(path) == len("/range/") + 5 for path in answers.asked)


async def test_padding_is_no_leak():
    async with serving(List()) as url:
        assert not await Breaches(url).knows("x")


async def test_a_list_that_does_not_answer_keeps_nobody_from_choosing():
    async with serving(List("503 Busy")) as url:
        assert not await Breaches(url).knows(LEAKED)
    assert not await Breaches("http://127.0.0.1:1/range", timeout_s=1).knows(LEAKED)
