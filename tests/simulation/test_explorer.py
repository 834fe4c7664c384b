"""Every order in which two cores can act on one position, within small scopes: none goes wrong."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.simulation import tools
from tests.simulation.explorer import Left, Scope, choices, explore, independent, replay
from tests.simulation.patches import Patches
from tests.simulation.scene import ENOUGH
from tests.simulation.scopes import READ, SCOPES, walk
from tests.simulation.stage import Stage
from tests.simulation.unguarded import UNGUARDED

WHOLE = {"plain": (10, 4_900), "plain-expired": (8, 2_400), "plain-taken": (8, 3_000)}
"""Scopes walked through to the end, how deep here, and how many schedules there are at least.

`python -m tests.simulation explore` goes deeper, through all of them.
"""

CAUGHT_IN = {
    "no-fence-wait": replace(SCOPES["plain"], depth=6),
    "sign-at-send": replace(SCOPES["plain"], depth=8),
    "signature-outlives-lease": replace(SCOPES["stamped-late"], depth=6, faults=0),
    "nothing-between-two-cores": SCOPES["side-by-side"],
}
"""Where a missing rule shows; a shallow scope is enough."""


@pytest.mark.parametrize("scope", WHOLE)
def test_no_schedule_doubles_misses_or_misjudges(scope: str) -> None:
    depth, least = WHOLE[scope]
    walked = walk(replace(SCOPES[scope], depth=depth))

    assert walked.first is None
    assert walked.complete
    assert walked.schedules >= least


def test_ten_thousand_schedules_are_walked_through_here() -> None:
    assert sum(least for _, least in WHOLE.values()) >= 10_000


@pytest.mark.parametrize("rule", CAUGHT_IN)
def test_a_schedule_shows_what_a_missing_rule_does(rule: str) -> None:
    with Patches() as patches:
        UNGUARDED[rule](patches)
        walked = walk(CAUGHT_IN[rule], limit=5_000, until_bad=True)
        assert walked.first is not None
        again, told = replay(CAUGHT_IN[rule], walked.first.schedule)

    assert again == walked.first
    assert again.wrong.startswith(("double", "misclassified", "stale"))
    assert len(told) >= len(again.schedule)


@pytest.mark.parametrize("rule", ["no-lease", "no-index", "no-lease-no-index"])
def test_the_journal_stands_behind_lease_and_index(rule: str) -> None:
    with Patches() as patches:
        UNGUARDED[rule](patches)
        walked = walk(SCOPES["side-by-side"], limit=300)

    assert walked.bad == 0


def test_the_ordinary_schedule_ends_with_one_rescue() -> None:
    stage = Stage()
    try:
        while not stage.settled:
            stage.proceed(stage.calls[0], "ok")
        assert (stage.margin, len(stage.effects), stage.wrong()) == (ENOUGH, 1, "")
    finally:
        stage.close()


def test_the_same_scope_gives_the_same_schedules() -> None:
    scope = Scope(name="small", opening=READ, depth=4, times=1)

    assert list(explore(scope)) == list(explore(scope))


def test_every_fate_of_a_request_is_tried() -> None:
    scope = Scope(name="small", opening=READ, depth=3, deaths=0, times=0)
    fates = {c.partition("=")[2] for o in explore(scope) for c in o.schedule if "=" in c}

    assert fates == {"ok", "lost", "deaf", "late", "refused"}


def test_sleep_sets_leave_out_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = Scope(name="small", opening=READ, depth=4, deaths=1, times=1, faults=1)
    some = list(explore(scope))
    monkeypatch.setattr("tests.simulation.explorer.independent", lambda one, other: False)
    every = list(explore(scope))

    assert len(some) < len(every)
    assert {o.steps + len(o.schedule) for o in some} == {o.steps + len(o.schedule) for o in every}
    assert not any(o.wrong for o in every)


def test_two_choices_of_one_core_and_the_time_are_never_independent() -> None:
    assert not independent("A.write", "A.look")
    assert not independent("A.look", "time")
    assert not independent("A.write", "B.write")
    assert not independent("A.send=late", "B.look")
    assert not independent("A.dies", "B.dies")
    assert independent("A.write", "B.look")
    assert independent("A.load", "B.load")


def test_a_dead_core_touches_nothing_and_comes_back() -> None:
    stage = Stage()
    try:
        before = stage.workers["A"]
        stage.kill("A")
        assert before.dead
        assert [call.worker for call in stage.calls] == ["B", "A"]
        assert "A.dies" not in choices(stage, SCOPES["plain"], Left(0, 0, 0))
    finally:
        stage.close()


def test_a_schedule_is_replayed_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = tools.TOOLS["explore"](["plain", "--schedule", "A.write,A.write,A.send=late,time"])

    out = capsys.readouterr().out
    assert code == 0
    assert "A.send=late" in out
    assert "All is well" in out
