"""Decides a history again in a process of its own.

python -m tests.replay.again FILE

It imports nothing but the SDK, the core's decisions and the strategies, which need no more than
msgspec and pluggy: so it runs on any interpreter that has these.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

from axisor_dip_buyer import DipBuyer
from axisor_margin_guard import MarginGuard
from axisor_server.services.replay import FileSource, chain, replay
from tests.support.mirror import Mirror

STRATEGIES = {s.name: s for s in (MarginGuard, DipBuyer, Mirror)}
HEAVY = ("grpc", "google", "sqlalchemy", "cryptography")


def main() -> None:
    """Print the verdict as JSON, with the interpreter and the hash of a text."""
    source = FileSource(Path(sys.argv[1]))
    entries = chain(source)
    verdict = replay(source.entries(), STRATEGIES)
    found = verdict.divergence
    shape = {
        "python": platform.python_version(),
        "hash": hash("the same text"),
        "heavy": [name for name in HEAVY if name in sys.modules],
        "entries": entries,
        "decisions": verdict.decisions,
        "divergence": None if found is None else [found.sequence, found.path],
        "digest": verdict.digest,
    }
    print(json.dumps(shape))


if __name__ == "__main__":
    main()
