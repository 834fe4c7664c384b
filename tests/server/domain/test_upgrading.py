"""The life of an upgrade: which moves lead where, and what a comparison counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from axisor.errors import UpgradeNotFound, UpgradeStateInvalid
from axisor.events import Started
from axisor.intents import Notice, Wake
from axisor.model import Severity
from axisor.states import UpgradeState
from axisor.strategy import StepResult
from axisor.versions import Upgrade, Version
from axisor_server.domain import upgrading
from axisor_server.domain.upgrading import (
    MOST_DECISIONS,
    MOST_DIFFERENCES,
    MOST_SHOWN,
    Held,
    compare,
    from_document,
    is_ripe,
    to_document,
)

ONE, TWO = Version("1", "a" * 64), Version("2", "b" * 64)


def new_run() -> Held:
    """Return a run that was never upgraded."""
    return Held(run="r", account="a", version=ONE)


def asked(after: Version = TWO, **more: Any) -> Upgrade:
    """Return an upgrade as it is asked for."""
    return Upgrade(run="r", before=Version(), after=after, **more)


def decided(*texts: str, wake: int | None = None, changed: bool = False) -> StepResult:
    """Return what a step produced: notices, and a wake."""
    notices = tuple(Notice(severity=Severity.OK, code="X", text=text) for text in texts)
    return StepResult(notices, b"{}", None if wake is None else Wake(below=Decimal(wake)), changed)


class Life(RuleBasedStateMachine):
    """A run goes through upgrades as a plain model says; what the model forbids is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.held = new_run()
        self.step = 0
        self.state: UpgradeState | None = None
        self.cut = self.probation = 0
        self.versions = [ONE]

    @rule(count=st.integers(1, 3))
    def steps(self, count: int) -> None:
        """Take some steps."""
        self.step += count

    @rule(probation=st.integers(0, 4))
    def begin(self, probation: int) -> None:
        """Begin an upgrade."""
        after = Version(str(len(self.versions) + 1), "c" * 64)
        upgrade = asked(after, probation=probation)
        allowed = self.state is not UpgradeState.SHADOWING and not self._on_probation()
        self._try(allowed, lambda: upgrading.begin(self.held, upgrade, step=self.step))
        if allowed:
            self.state, self.probation = UpgradeState.SHADOWING, probation

    @rule()
    def cut_over(self) -> None:
        """Have the new version decide."""
        allowed = self.state is UpgradeState.SHADOWING
        self._try(allowed, lambda: upgrading.cut_over(self.held, step=self.step, memory=b"{}"))
        if allowed:
            self.state, self.cut = UpgradeState.CUT_OVER, self.step
            assert self.held.upgrade is not None
            self.versions.append(self.held.upgrade.after)

    @rule()
    def cancel(self) -> None:
        """End it."""
        allowed = self.state is UpgradeState.SHADOWING
        self._try(allowed, lambda: upgrading.cancel(self.held, "enough"))
        if allowed:
            self.state = UpgradeState.CANCELED

    @rule()
    def roll_back(self) -> None:
        """Have the old version decide again."""
        allowed = self._on_probation()
        self._try(allowed, lambda: upgrading.roll_back(self.held, "it broke", step=self.step))
        if allowed:
            self.state = UpgradeState.ROLLED_BACK
            self.versions.pop()

    @invariant()
    def one_version_decides(self) -> None:
        """The version in force is the model's."""
        assert self.held.version == self.versions[-1]
        assert self.held.shadowing == (self.state is UpgradeState.SHADOWING)
        assert self.held.on_probation(self.step) == self._on_probation()

    @invariant()
    def what_is_stored_is_read_back(self) -> None:
        """The document holds all of it."""
        document = to_document(self.held, now_us=1)
        stored = from_document(document)
        assert (stored.version, stored.upgrade) == (self.held.version, self.held.upgrade)

    def _on_probation(self) -> bool:
        over = self.state is UpgradeState.CUT_OVER
        return over and self.step - self.cut < self.probation

    def _try(self, allowed: bool, move: Any) -> None:
        if allowed:
            self.held = move()
            return
        with pytest.raises((UpgradeNotFound, UpgradeStateInvalid)):
            move()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_a_version_on_probation_is_no_time_for_the_next_one() -> None:
    held = upgrading.begin(new_run(), asked(probation=5), step=7)
    held = upgrading.cut_over(held, step=7, memory=b"{}")

    with pytest.raises(UpgradeStateInvalid, match="on probation"):
        upgrading.begin(held, asked(), step=11)
    assert upgrading.begin(held, asked(), step=12).shadowing


def test_equal_decisions_are_counted_in_a_row_and_a_difference_begins_anew() -> None:
    found = asked(wanted=2)
    for before, after in (("a", "a"), ("a", "b"), ("b", "b"), ("c", "c")):
        assert not is_ripe(found)
        found = compare(
            found, step=1, cause=Started(), before=decided(before), after=decided(after)
        )

    assert (found.compared, found.differing, found.equal) == (4, 1, 2)
    assert is_ripe(found)


def test_wakes_are_decisions_and_what_is_remembered_is_none() -> None:
    by_wake = compare(
        asked(), before=decided(wake=5), after=decided(wake=6), step=3, cause=Started()
    )
    by_memory = compare(
        asked(), before=decided(changed=True), after=decided(), step=3, cause=Started()
    )

    assert by_wake.differing == 1
    assert by_wake.differences[0].step == 3
    assert '"below":"5"' in by_wake.differences[0].before[0]
    assert (by_memory.compared, by_memory.differing) == (1, 0)


def test_a_call_at_which_neither_decides_anything_is_not_counted() -> None:
    assert compare(asked(), step=1, cause=Started(), before=decided(), after=decided()) == asked()


def test_what_is_kept_of_differences_is_bounded() -> None:
    found = asked()
    many = decided(*["x" * 5_000] * 40)
    for step in range(MOST_DIFFERENCES + 10):
        found = compare(found, step=step, cause=Started(), before=many, after=decided())

    assert found.differing == MOST_DIFFERENCES + 10
    assert len(found.differences) == MOST_DIFFERENCES
    assert len(found.differences[0].before) == MOST_DECISIONS
    assert max(map(len, found.differences[0].before)) == MOST_SHOWN
