"""Record types are learned before threads decode them."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from axisor_server.adapters import kinds
from axisor_server.domain.halting import Halt
from axisor_server.domain.telling.picture import Picture

RACE = """
from __future__ import annotations
import sys, threading, types
import msgspec
from axisor_server.adapters import kinds

sys.setswitchinterval(1e-6)
text = "from __future__ import annotations\\nimport msgspec\\n"
for n in range(40):
    for k in range(12):
        text += f"class B{n}_{k}(msgspec.Struct):\\n    a: int = 1\\n"
        text += "    b: dict[str, int] | None = None\\n"
    text += f"class A{n}(msgspec.Struct):\\n"
    text += "".join(f"    f{k}: B{n}_{k} | None = None\\n" for k in range(12))
made = sys.modules["axisor_race"] = types.ModuleType("axisor_race")
exec(text, made.__dict__)
assert kinds.learn() >= 40 * 13
body = msgspec.json.encode({f"f{k}": {"a": k, "b": {"x": 1}} for k in range(12)})
for n in range(40):
    gate = threading.Barrier(6)
    def decode(kind=getattr(made, f"A{n}"), gate=gate):
        gate.wait()
        msgspec.json.decode(body, type=kind)
    threads = [threading.Thread(target=decode) for _ in range(6)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print("alive")
"""
"""Without `learn` it ends by a segmentation fault: six threads meet each new type at once."""


def test_threads_that_meet_a_type_at_once_do_not_end_the_process() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RACE], capture_output=True, text=True, check=False, timeout=100
    )

    assert (ran.returncode, ran.stdout) == (0, "alive\n"), ran.stderr


def test_what_the_store_decodes_is_among_what_is_learned() -> None:
    known = set(kinds._kinds(msgspec.Struct))

    assert {Halt, Picture} <= known
    assert all(kinds._learned(kind) for kind in (Halt, Picture))


def test_learning_again_learns_nothing_less() -> None:
    assert kinds.learn() >= kinds.learn() > 100
