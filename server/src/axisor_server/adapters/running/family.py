"""Finds the processes that come of one, whatever session or group they went to.

It is a file that is run beside the core, and knows nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def processes() -> Iterator[tuple[int, int]]:
    """Yield every process and its parent."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield int(place.name), parent(int(place.name))


def parent(process: int) -> int:
    """Return the parent of a process. Raises OSError for one that is gone."""
    # After the name, which may hold anything, come state and parent.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def children(of: int) -> Iterator[int]:
    """Yield the processes whose parent this is."""
    try:
        found = Path(f"/proc/{of}/task/{of}/children").read_text()
    except FileNotFoundError:  # not every kernel is built to tell
        yield from (number for number, above in processes() if above == of)
        return
    yield from map(int, found.split())


def descendants(of: int) -> dict[int, int]:
    """Return all that come of a process, each with its parent, those nearest to it first."""
    below: dict[int, list[int]] = {}
    for number, above in processes():
        below.setdefault(above, []).append(number)
    found: dict[int, int] = {}
    generation = [of]
    while generation:
        born = {child: each for each in generation for child in below.get(each, ())}
        found |= born
        generation = list(born)
    return found
