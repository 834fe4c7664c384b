"""A certificate renewed under open connections: they stay, and the next ones see the new one."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from pathlib import Path

from tests.server.rpc.serving import Served, bearer

from axisor.v1 import system_pb2
from axisor.v1.system_pb2_grpc import SystemServiceStub
from axisor_server.adapters import tls
from axisor_server.adapters.system import SystemClock
from axisor_server.rpc.server import Tls


def shown(port: int) -> str:
    """Return the fingerprint of the certificate that is shown."""
    pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=10)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


async def test_open_connections_stay_and_new_ones_see_the_new_certificate(
    core: Served, tmp_path: Path
):
    before = await asyncio.to_thread(shown, core.port)
    async with core.channel() as channel:
        stub = SystemServiceStub(channel)
        await stub.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer())

        new = tls.load_or_make(tmp_path, SystemClock())
        core.server.renew(Tls(new.certificate, new.key))

        await stub.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer())
        after = await asyncio.to_thread(shown, core.port)

    assert before != after == new.fingerprint


async def test_the_new_certificate_stays_though_grpc_is_handed_it_once(
    core: Served, tmp_path: Path
):
    new = tls.load_or_make(tmp_path, SystemClock())
    core.server.renew(Tls(new.certificate, new.key))

    seen = [await asyncio.to_thread(shown, core.port) for _ in range(3)]

    assert seen == [new.fingerprint] * 3
    assert core.server.changed() is None  # what is given anew pulls the old from under handshakes
