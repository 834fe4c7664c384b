"""Hands out tests: what lives in virtual time fills the gaps that real processes leave.

Tests with processes and clocks wait much and bear no crowd. Worlds in virtual time do nothing but
compute, and care for no delay. So half of the workers at most live through worlds while there is
anything else to do, at a low priority (`tests.support.unhurried`), and all do when nothing else is
left.

This is xdist's `loadgroup` otherwise: groups stay on one worker, the rest goes where there is room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

UNHURRIED = ("tests/simulation/", "tests/replay/")
AHEAD, AHEAD_OF_WORLDS = 3, 2
"""How many tests a worker has at hand: it starts one when it knows the next, and most are quick."""


class Worker(Protocol):
    """What is asked of a worker: the controllers of xdist do it."""

    @property
    def shutting_down(self) -> bool:
        """Return whether it has been told that nothing more comes."""

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Give it tests, by where they are in its collection."""

    def shutdown(self) -> None:
        """Tell it that nothing more comes."""


def group_of(name: str) -> str:
    """Return the group that a test's name ends with, or the name where it has none."""
    return name.rpartition("@")[2] if name.rfind("@") > name.rfind("]") else name


class Lanes:
    """A scheduler of xdist, for so many workers."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._names: list[str] = []
        self._known: dict[Worker, Sequence[str]] = {}
        self._given: dict[Worker, dict[int, None]] = {}
        self._lively: deque[list[int]] = deque()
        self._unhurried: deque[list[int]] = deque()

    @property
    def nodes(self) -> list[Worker]:
        """Return the workers."""
        return list(self._given)

    @property
    def collection_is_completed(self) -> bool:
        """Return whether all have told what they collected."""
        return len(self._known) >= self._workers

    @property
    def tests_finished(self) -> bool:
        """Return whether nobody needs more than to end what they have."""
        left = self._lively or self._unhurried
        return (
            self.collection_is_completed
            and not left
            and all(len(given) < AHEAD_OF_WORLDS for given in self._given.values())
        )

    @property
    def has_pending(self) -> bool:
        """Return whether a test has not ended."""
        return bool(self._lively or self._unhurried or any(self._given.values()))

    def add_node(self, node: Worker) -> None:
        """Count with a worker."""
        self._given[node] = {}

    def remove_node(self, node: Worker) -> str | None:
        """Do without a worker; return the test that it ended in, if it did."""
        given = list(self._given.pop(node))
        if not given:
            return None
        crashed, *left = given
        self._queue([[index] for index in left], first=True)
        for other in self.nodes:
            self._top_up(other)
        return self._names[crashed]

    def add_node_collection(self, node: Worker, collection: Sequence[str]) -> None:
        """Take note of what a worker collected."""
        self._known[node] = list(collection)

    def schedule(self) -> None:
        """Give every worker something to begin with, or more.

        Raises ValueError where two have not collected the same.
        """
        if not self._names:
            self._names = list(next(iter(self._known.values())))
            units: dict[str, list[int]] = {}
            for index, name in enumerate(self._names):
                units.setdefault(group_of(name), []).append(index)
            self._queue(units.values())
        for names in self._known.values():
            if names != self._names:
                odd = sorted(set(names) ^ set(self._names))[:10]
                raise ValueError(f"Workers collected different tests, or in another order: {odd}")
        for node in self.nodes:
            self._top_up(node)

    def mark_test_complete(self, node: Worker, item_index: int, duration: float = 0) -> None:
        """Take note that a test ended, and give its worker more."""
        del self._given[node][item_index]
        self._top_up(node)

    def mark_test_pending(self, item: str) -> None:
        """Have a test run once more."""
        self._queue([[self._names.index(item)]], first=True)
        for node in self.nodes:
            self._top_up(node)

    def remove_pending_tests_from_node(self, node: Worker, indices: Sequence[int]) -> None:
        """Refuse: nothing is taken back from a worker here."""
        raise NotImplementedError

    def _queue(self, units: Iterable[list[int]], *, first: bool = False) -> None:
        for unit in units:
            lane = self._unhurried if self._is_unhurried(unit[0]) else self._lively
            lane.appendleft(unit) if first else lane.append(unit)

    def _is_unhurried(self, index: int) -> bool:
        return self._names[index].startswith(UNHURRIED)

    def _top_up(self, node: Worker) -> None:
        given = self._given[node]
        while not node.shutting_down:
            worlds = any(map(self._is_unhurried, given))
            if len(given) >= (AHEAD_OF_WORLDS if worlds else AHEAD):
                return
            lane = self._lane_of(node)
            if lane is None:
                node.shutdown()
                return
            unit = lane.popleft()
            given.update(dict.fromkeys(unit))
            node.send_runtest_some(unit)

    def _lane_of(self, node: Worker) -> deque[list[int]] | None:
        """Return where the next tests of a worker come from."""
        if not self._lively or not self._unhurried:
            return self._lively or self._unhurried or None
        others = (given for other, given in self._given.items() if other is not node)
        taken = sum(any(map(self._is_unhurried, given)) for given in others)
        return self._unhurried if taken < len(self._given) // 2 else self._lively
