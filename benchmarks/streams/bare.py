"""A server of grpc.aio and nothing else, that streams the same frames, held back as a core does.

It has no journal, no callers, no limits, no metrics: what it costs is what gRPC and Python cost.
Its one unary call answers with the bytes it was told.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import uvloop
from benchmarks.streams.entries import entries
from benchmarks.streams.told import obey

from axisor_server.adapters import interpreter, tls
from axisor_server.adapters.system import SystemClock
from axisor_server.bounds import USUAL
from axisor_server.rpc.server import options
from axisor_server.rpc.watches import encode
from axisor_server.services.watching import Limits

ANSWER = Path("answer")
LIMITS = Limits()


class Bare:
    """The frames until now, and who waits for more."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._frames: list[bytes] = []
        self._source = entries()
        self._more = asyncio.Event()
        self._watchers = 0

    async def publish(self, count: int) -> int:
        """Add so many frames; return how many there are."""
        self._frames += [encode(entry) for entry in islice(self._source, count)]
        more, self._more = self._more, asyncio.Event()
        more.set()
        return len(self._frames)

    async def watch(self, _: bytes, context: Any) -> AsyncIterator[bytes]:
        """Stream whatever comes from now on."""
        await context.send_initial_metadata(())
        cursor = len(self._frames)
        self._watchers += 1
        try:
            while True:
                while cursor == len(self._frames):
                    await self._more.wait()
                if self._watchers >= LIMITS.crowd:
                    await asyncio.sleep(self._watchers * LIMITS.spread_s)
                frame, cursor = self._cut(cursor)
                yield frame
        finally:
            self._watchers -= 1

    def _cut(self, cursor: int) -> tuple[bytes, int]:
        found: list[bytes] = []
        size = 0
        for frame in islice(self._frames, cursor, None):
            found.append(frame)
            size += len(frame)
            if size >= LIMITS.frame_bytes:
                break
        return b"".join(found), cursor + len(found)

    async def echo(self, _: bytes, context: Any) -> bytes:
        """Answer."""
        return self._answer


async def serve(folder: Path) -> None:
    """Serve until the input ends, found as a core is: by what lies in its folder."""
    (folder / "tls").mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate = tls.load_or_make(folder / "tls", SystemClock())
    (folder / "tls" / "cert.pem").write_bytes(certificate.certificate)
    answer = folder / ANSWER
    bare = Bare(answer.read_bytes() if answer.exists() else b"")
    server = grpc.aio.server(options=options(USUAL), maximum_concurrent_rpcs=USUAL.calls)
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "WatchEvents": grpc.unary_stream_rpc_method_handler(bare.watch),
        "ListVenues": grpc.unary_unary_rpc_method_handler(bare.echo),
    }
    for service in ("axisor.v1.EventService", "axisor.v1.SystemService"):
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    credentials = grpc.ssl_server_credentials([(certificate.key, certificate.certificate)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    (folder / "address").write_text(f"127.0.0.1:{port}\n")
    (folder / "owner.token").write_text("nobody-looks-at-this-token-of-the-bare-server\n")
    await server.start()
    interpreter.settle()
    print("serving", flush=True)
    await obey(bare.publish)
    await server.stop(0)


if __name__ == "__main__":
    interpreter.build()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
