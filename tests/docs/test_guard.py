"""The page on the guard: its example computes, its rule is taken, its limits are the code's."""

from __future__ import annotations

from axisor.events import CoverageState
from axisor.strategy import decode_config
from axisor_margin_guard import survey
from axisor_margin_guard.guard import MarginGuard
from tests.docs import pages

PAGE = "guard.md"


def test_the_worked_example_holds() -> None:
    exec(compile(pages.only(PAGE, "python"), PAGE, "exec"), {})


def test_the_rule_is_one_the_guard_takes() -> None:
    config = decode_config(MarginGuard, pages.only(PAGE, "json", "rule"))

    assert len(config.overrides) == 2  # type: ignore[attr-defined]


def test_every_state_of_coverage_is_explained() -> None:
    text = pages.page(PAGE)

    assert [state.name for state in CoverageState if f"| `{state.name}` |" not in text] == []


def test_the_ages_are_those_of_the_code() -> None:
    seconds = survey.OLDEST_MS // 1000, survey.OLDEST_HIGH_LEVERAGE_MS // 1000

    assert "older than {} seconds, or {} for positions above {}x".format(
        *seconds, survey.HIGH_LEVERAGE
    ) in " ".join(pages.page(PAGE).split())
