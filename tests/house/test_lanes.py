"""Tests are handed out so that worlds fill gaps, groups stay together and none is lost or late."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

import pytest

from tests.support import unhurried
from tests.support.lanes import Lanes, group_of

WORLDS = [f"tests/simulation/test_w.py::test_w[{n}]" for n in range(8)]
LIVELY = [f"tests/e2e/test_l.py::test_l[{n}]" for n in range(8)]
GROUPED = [f"tests/e2e/test_g.py::test_g[{n}]@together" for n in range(4)]


class Ward:
    """A worker that keeps what it is given, and ends tests when it is told."""

    def __init__(self, lanes: Lanes, names: Sequence[str]) -> None:
        self.shutting_down = False
        self.left: list[int] = []
        self.done: list[str] = []
        self._lanes, self._names = lanes, names

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Take tests."""
        assert not self.shutting_down
        self.left += indices

    def shutdown(self) -> None:
        """Know that nothing more comes."""
        self.shutting_down = True

    @property
    def can_go_on(self) -> bool:
        """Return whether the next test may start: a worker knows the one after it."""
        return len(self.left) > 1 or bool(self.left and self.shutting_down)

    def end_one(self) -> None:
        """End the next test."""
        index = self.left.pop(0)
        self.done.append(self._names[index])
        self._lanes.mark_test_complete(self, index)


def wards(count: int, names: Sequence[str]) -> tuple[Lanes, list[Ward]]:
    """Return a scheduler with so many workers that have something to do."""
    lanes = Lanes(count)
    workers = [Ward(lanes, names) for _ in range(count)]
    for worker in workers:
        lanes.add_node(worker)
    for worker in workers:
        assert not lanes.collection_is_completed
        lanes.add_node_collection(worker, names)
    lanes.schedule()
    return lanes, workers


def worlds_at_hand(workers: Sequence[Ward]) -> int:
    """Return how many workers have a world at hand."""
    return sum(any(index < len(WORLDS) for index in worker.left) for worker in workers)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_test_runs_once(count: int) -> None:
    names = [*WORLDS, *GROUPED, *LIVELY]
    lanes, workers = wards(count, names)

    while moving := [worker for worker in workers if worker.can_go_on]:
        for worker in moving:
            worker.end_one()

    assert sorted(name for worker in workers for name in worker.done) == sorted(names)
    assert lanes.tests_finished
    assert not lanes.has_pending
    assert sum(bool(set(GROUPED) & set(worker.done)) for worker in workers) == 1


@pytest.mark.parametrize(("count", "most"), [(2, 1), (3, 1), (4, 2), (5, 2)])
def test_half_of_them_at_most_take_worlds_while_lively_tests_are_left(
    count: int, most: int
) -> None:
    names = [*WORLDS, *LIVELY, *(f"tests/docs/test_d.py::test_d[{n}]" for n in range(20))]
    _, workers = wards(count, names)
    taken = [worlds_at_hand(workers)]

    while sum(len(worker.done) for worker in workers) < len(WORLDS):
        for worker in workers:
            worker.end_one()
        taken.append(worlds_at_hand(workers))

    assert set(taken) == {most}


def test_all_live_through_worlds_when_nothing_else_is_left() -> None:
    _, workers = wards(3, WORLDS)

    assert worlds_at_hand(workers) == 3


def test_what_a_worker_that_died_had_at_hand_is_given_to_others() -> None:
    names = [*LIVELY, "tests/e2e/test_more.py::test_more"]
    lanes, (one, other) = wards(2, names)
    had = [names[index] for index in one.left]

    assert lanes.remove_node(one) == had[0]
    while other.can_go_on:
        other.end_one()

    assert sorted(other.done) == sorted(set(names) - {had[0]})


def test_workers_that_collected_different_tests_do_not_begin() -> None:
    lanes = Lanes(2)
    for names in (LIVELY, LIVELY[1:]):
        worker = Ward(lanes, names)
        lanes.add_node(worker)
        lanes.add_node_collection(worker, names)

    with pytest.raises(ValueError, match=r"different tests.*test_l\[0\]"):
        lanes.schedule()


def test_a_group_is_what_follows_the_last_sign_of_a_name() -> None:
    assert group_of("a.py::b@day") == "day"
    assert group_of("a.py::b[x@y]@day") == "day"
    assert group_of("a.py::b[x@y]") == "a.py::b[x@y]"
    assert group_of("a.py::b") == "a.py::b"


@pytest.mark.skipif(sys.platform != "linux", reason="A priority belongs to a thread on Linux only.")
def test_what_is_unhurried_has_a_low_priority_and_nothing_else_has_it_afterwards() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    found: list[int] = []
    before = niceness()

    unhurried.run(lambda: found.append(niceness()))

    assert found == [max(before, unhurried.NICENESS)]
    assert niceness() == before


def test_what_an_unhurried_function_raises_is_raised() -> None:
    def fail() -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        unhurried.run(fail)
