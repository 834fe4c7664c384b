"""Signed checkpoints reach a receiver elsewhere, whatever happens to it and to the core."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from standardwebhooks import Webhook

from axisor.errors import AddressForbidden, SettingsInvalid
from axisor.events import NoticeGiven
from axisor.testing.clock import FixedClock
from axisor_server.adapters.checkpoints import FILE, CheckpointFile
from axisor_server.adapters.memory import MemoryStore
from axisor_server.adapters.signing import SigningKey, is_genuine
from axisor_server.choices import Outbound
from axisor_server.domain.checkpoints import Checkpoint, check_signed, from_line
from axisor_server.outgoing import copies_to, outbound
from axisor_server.rpc.metrics import CopyMetrics
from axisor_server.services.checkpointing import Checkpoints, Often
from axisor_server.services.copying import Copier
from axisor_server.settings import Audit, Settings
from tests.support import records
from tests.support.receivers import Receiver, receiving

KEY = SigningKey(bytes(range(32)))
SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
STREAM = "accounts/a"


class Bench:
    """A journal whose checkpoints are kept in a file, and a receiver on loopback."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.folder = folder
        self.receiver = receiver
        self.clock = FixedClock(datetime.now(UTC))  # the library compares with the time it is
        self.store = MemoryStore()
        self.registry = CollectorRegistry()
        self.said: list[NoticeGiven] = []
        secrets = folder / "webhook.secrets"
        secrets.write_text(f"{SECRET}\n")
        secrets.chmod(0o600)
        self.settings = Settings(
            audit=Audit(
                webhook=f"http://127.0.0.1:{receiver.port}/checkpoints",
                webhook_secrets=str(secrets),
            ),
            outbound=Outbound(allow=("127.0.0.0/8",)),
        )
        self.taker = Checkpoints(
            self.store,
            self.clock,
            KEY,
            keeper=CheckpointFile(folder / FILE),
            tell=self.tell,
            often=Often(entries=1),
        )
        self.metrics = CopyMetrics(self.registry)

    async def tell(self, notice: NoticeGiven) -> None:
        self.said.append(notice)

    def copier(self) -> Copier:
        """Return what copies, as a core that starts builds it."""
        build = copies_to(self.settings, self.folder / FILE, self.folder, self.clock)
        assert build is not None
        return build(self.tell, self.metrics)

    async def checkpoint(self) -> None:
        """Have something happen, and a checkpoint of it taken."""
        await self.store.write(records.appending(records.notice(), stream=STREAM))
        await self.taker.look()

    def received(self) -> list[Checkpoint]:
        """Return what the receiver verified by the secret and then by the core's key."""
        found = []
        for asked in self.receiver.asked:
            shape = Webhook(SECRET).verify(asked.body, asked.headers)
            assert shape["type"] == "audit.checkpoints"
            for each in shape["data"]["checkpoints"]:
                checkpoint = from_line(msgspec.json.encode(each))
                check_signed(checkpoint, lambda key, *rest: is_genuine(KEY.public, key, *rest))
                found.append(checkpoint)
        return found

    def sequences(self) -> list[int]:
        return [checkpoint.sequence for checkpoint in self.received()]

    def figure(self, name: str) -> float:
        lines = generate_latest(self.registry).decode().splitlines()
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        return float(line.split()[1])


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with receiving(Receiver()) as receiver:
        found = Bench(tmp_path, receiver)
        await found.store.open()
        yield found
        await found.store.close()


async def test_signed_checkpoints_arrive_and_verify(bench: Bench):
    await bench.checkpoint()
    copier = bench.copier()

    await copier.step()
    await bench.checkpoint()
    await copier.step()
    await copier.step()

    assert bench.sequences() == [1, 2]
    assert bench.figure("axisor_checkpoints_copied_total") == 2
    assert bench.figure("axisor_checkpoints_copied_seconds") == bench.clock.now().timestamp()


async def test_a_receiver_that_fails_and_is_slow_and_comes_back_gets_each_once(bench: Bench):
    await bench.checkpoint()
    copier = bench.copier()
    for status in ("500 Oh", "503 Later", "307 Elsewhere"):
        bench.receiver.status = status
        assert await copier.step()
    refused = len(bench.receiver.asked)
    await bench.checkpoint()

    bench.receiver.status = "204 No Content"
    bench.receiver.body = b""
    await copier.step()

    names = [asked.headers["webhook-id"] for asked in bench.receiver.asked]
    assert refused == 3
    assert len(set(names[:3])) == 1  # a repetition has the name of what it repeats
    assert bench.sequences()[refused:] == [1, 2]
    assert bench.figure("axisor_checkpoint_copy_failures_total") == 3


async def test_a_restart_loses_none_and_goes_on_behind_the_last_acknowledged(bench: Bench):
    await bench.checkpoint()
    await bench.copier().step()
    bench.receiver.status = "500 Oh"
    await bench.checkpoint()
    await bench.copier().step()
    await bench.checkpoint()

    bench.receiver.status = "200 OK"
    bench.receiver.asked.clear()
    await bench.copier().step()

    assert bench.sequences() == [2, 3]


async def test_taking_checkpoints_does_not_wait_for_the_receiver(bench: Bench):
    bench.receiver.silent = True

    await bench.checkpoint()

    assert len((bench.folder / FILE).read_bytes().splitlines()) == 1
    assert bench.receiver.asked == []


async def test_an_address_on_this_machine_is_said_at_once_unless_it_is_allowed(bench: Bench):
    await bench.checkpoint()
    bench.settings = msgspec.structs.replace(bench.settings, outbound=Outbound())

    await bench.copier().step()

    assert [said.code for said in bench.said] == ["checkpoints_not_copied"]
    assert "loopback" in bench.said[0].text
    assert bench.receiver.asked == []


def refused(folder: Path, audit: Audit) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        copies_to(Settings(audit=audit), folder / FILE, folder, FixedClock())
    return caught.value.metadata["setting"]


def test_without_an_address_nothing_is_copied(tmp_path: Path):
    assert copies_to(Settings(), tmp_path / FILE, tmp_path, FixedClock()) is None


def test_a_webhook_needs_a_private_file_with_a_secret(tmp_path: Path):
    url, file = "https://receiver.example.org/", tmp_path / "secrets"
    named = Audit(webhook=url, webhook_secrets=str(file))

    assert refused(tmp_path, Audit(webhook=url)) == "audit.webhook_secrets"
    assert refused(tmp_path, named) == "audit.webhook_secrets"
    file.write_text(SECRET)
    file.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="others can read"):
        copies_to(Settings(audit=named), tmp_path / FILE, tmp_path, FixedClock())


def test_an_address_that_is_never_spoken_to_keeps_the_core_from_starting(tmp_path: Path):
    file = tmp_path / "secrets"
    file.write_text(SECRET)
    file.chmod(0o600)
    audit = Audit(webhook="https://user@receiver.example.org/", webhook_secrets=str(file))

    with pytest.raises(AddressForbidden):
        copies_to(Settings(audit=audit), tmp_path / FILE, tmp_path, FixedClock())


@pytest.mark.parametrize("content", [None, "no certificate", "ä"])
def test_an_authority_that_is_none_is_refused(tmp_path: Path, content: str | None):
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content, "utf-8")

    with pytest.raises(SettingsInvalid) as caught:
        outbound(Outbound(authority_file=str(file)))

    assert caught.value.metadata["setting"] == "outbound.authority_file"
