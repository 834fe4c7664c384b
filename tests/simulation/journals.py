"""Judges what a world wrote down: its journals, the moves in them, its leases, and its watchers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from axisor.events import IntentPlanned, IntentSent, IntentSettled, Payload, RunState
from tests.simulation.clients import Clients
from tests.simulation.world import World

LEGAL: Mapping[str, frozenset[str]] = {
    "": frozenset({"planned"}),
    "planned": frozenset({"sent", "canceled", "refused"}),
    "sent": frozenset({"sent", "confirmed", "refused", "unknown"}),
    "unknown": frozenset({"confirmed", "not_applied", "dead"}),
}

Found = Iterator[tuple[str, str]]
_payloads: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Payload)


def chain(world: World) -> Found:
    """Every journal is one chain of hashes, and grew entry by entry."""
    heads: dict[str, tuple[int, bytes]] = {}
    rows = world.database.connection.execute(
        "SELECT stream, sequence, time, mode, payload, prev_hash, hash FROM journal"
        " ORDER BY stream, sequence"
    )
    for stream, sequence, time, mode, payload, before, hash in rows:
        last, link = heads.get(stream, (0, bytes(32)))
        digest = hashlib.sha256(b"\x00")
        for field in (
            stream.encode(),
            str(sequence).encode(),
            str(time).encode(),
            mode.encode(),
            payload,
            link,
        ):
            digest.update(len(field).to_bytes(4, "big") + field)
        if sequence != last + 1 or before != link or hash != digest.digest():
            yield "chain", f"{stream} breaks at {sequence}"
            return
        heads[stream] = (sequence, hash)
    durable: dict[str, int] = {}
    for committed in world.journal:
        entry = committed.entry
        if entry.sequence != durable.get(entry.stream, 0) + 1:
            yield "chain", f"{entry.stream} grew out of order at {entry.sequence}"
        durable[entry.stream] = entry.sequence
    for stream, (sequence, _) in heads.items():
        if durable.get(stream) != sequence:
            yield "chain", f"{stream} lost entries after {sequence}"


def moves(world: World) -> Found:
    """Every intent went from state to state as it may."""
    states: dict[str, str] = {}
    for committed in world.journal:
        payload = _payloads.decode(committed.entry.payload)
        match payload:
            case IntentPlanned(intent=id):
                after = "planned"
            case IntentSent(intent=id):
                after = "sent"
            case IntentSettled(intent=id, state=state):
                after = state.value
            case _:
                continue
        before = states.get(id, "")
        if after not in LEGAL.get(before, frozenset()):
            yield "illegal-move", f"{id} went from {before or 'nothing'} to {after}"
        states[id] = after


def runs(world: World) -> Found:
    """No run failed by itself."""
    for committed in world.journal:
        if committed.entry.kind == "RunChanged":
            payload = _payloads.decode(committed.entry.payload)
            if payload.state is RunState.FAILED:
                yield "run-failed", f"{payload.run}: {payload.reason}"


def leases(world: World) -> Found:
    """Epochs rise with their owners."""
    held: dict[str, tuple[str, int]] = {}
    for _, lease in world.leases:
        owner, epoch = held.get(lease.account, ("", 0))
        if lease.epoch < epoch or (lease.owner and lease.owner != owner and lease.epoch == epoch):
            yield "lease", f"{lease.owner} took {lease.account[-4:]} with epoch {lease.epoch}"
        held[lease.account] = (lease.owner or owner, lease.epoch)


def watches(world: World, clients: Clients | None) -> Found:
    """Whoever watched saw the journal as it is."""
    if clients is None:
        return
    for watcher in clients.watchers:
        told = [
            (c.entry.sequence, c.entry.hash)
            for c in world.journal
            if c.entry.stream == watcher.stream
        ]
        if watcher.seen != told[: len(watcher.seen)]:
            yield "watch", f"the watcher of {watcher.stream} saw another journal"
