"""Checks what `axisor audit` wrote, alone: KEY (history.jsonl [checkpoints] | proof.json)."""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def leaf(stream, entry, previous):
    parts = (stream, str(entry["sequence"]), str(entry["time_us"]), entry["mode"], entry["payload"])
    fields = [*map(str.encode, parts), previous]
    return sha256(b"\0" + b"".join(len(f).to_bytes(4, "big") + f for f in fields)).digest()


def check_signed(point, key):
    names = ("stream", "sequence", "hash", "root", "time_us", "key")
    text = "".join(f"{line}\n" for line in ("axisor.checkpoint/1", *(point[n] for n in names)))
    Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(point["signature"]), text.encode())


def check_history(stream, entries, points):
    previous, due = bytes(32), {p["sequence"]: p["hash"] for p in points if p["stream"] == stream}
    for number, entry in enumerate(entries, 1):
        previous = leaf(stream, entry, previous)
        if entry["sequence"] != number or entry["hash"] != previous.hex():
            sys.exit(f"broken at {number}")
        if due.pop(number, entry["hash"]) != entry["hash"]:
            sys.exit(f"not the journal that the checkpoint at {number} speaks of")
    return f"cut off: a checkpoint speaks of {max(due)}" if due else ""


def check_proof(proof):
    at, last = proof["entry"]["sequence"] - 1, proof["checkpoint"]["sequence"] - 1
    found = leaf(proof["stream"], proof["entry"], bytes.fromhex(proof["previous_hash"]))
    for step in map(bytes.fromhex, proof["path"]):
        left = at & 1 or at == last
        found = sha256(b"\1" + (step + found if left else found + step)).digest()
        while left and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    point, at = proof["checkpoint"], (last, proof["stream"], found.hex())
    return "" if at == (0, point["stream"], point["root"]) else "not in that journal"


key, (first, *rest) = base64.b64decode(sys.argv[1].partition(":")[2]), map(Path, sys.argv[2:])
if first.read_text().startswith('{"audit"'):
    points = [json.loads(line) for file in rest for line in file.read_text().splitlines()]
    head, *entries = map(json.loads, first.read_text().splitlines())
    problem = check_history(head["stream"], entries, points)
else:
    proof = json.loads(first.read_text())
    points, problem = [proof["checkpoint"]], check_proof(proof)
for point in points:
    check_signed(point, key)  # raises InvalidSignature
sys.exit(problem or print("it holds"))
