"""Records the corpus anew.

python -m tests.replay.record [--into FOLDER] [NAME …]

Do it on purpose only, when decisions are meant to change: raise CORPUS, record, and read in the
difference of the files' sizes and verdicts what changed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from axisor_server.services.replay import MemorySource, chain, export, replay
from tests.replay.scenarios import ALL, STORIES, played
from tests.support.histories import entries

CORPUS = 2
"""The version of the recordings; every file carries it."""

FOLDER = Path(__file__).parent / "corpus"


def about(name: str) -> str:
    """Return what a file of the corpus says of itself."""
    return f"{name}, corpus {CORPUS}"


def record(name: str, folder: Path = FOLDER) -> Path:
    """Play a story and write its history. Returns the file."""

    async def history() -> MemorySource:
        return MemorySource(await entries(await played(name)))

    source = asyncio.run(history())
    chain(source)
    verdict = replay(source.entries(), ALL)
    if verdict.divergence is not None:
        raise SystemExit(f"{name} does not even agree with itself: {verdict.divergence}")
    path = folder / f"{name}.jsonl.gz"
    export(source, path, about=about(name))
    return path


def main() -> None:
    """Record the stories that are named, or all."""
    words, folder = sys.argv[1:], FOLDER
    if words[:1] == ["--into"]:
        folder, words = Path(words[1]), words[2:]
    folder.mkdir(exist_ok=True)
    for name in words or STORIES:
        path = record(name, folder)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
