"""Sweeps: every combination, a rank that does not depend on who ran it, and parts never seen."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from axisor.backtest import back_test, parse_scenario, plan, play
from axisor.backtest.sweep import OBJECTIVES, Job, Sweep, parse_sweep, score
from axisor.errors import ConfigInvalid
from axisor_margin_guard import MarginGuard

MARKET = play(parse_scenario("bear duration=2d tick=1m strength=3"))
PLAN = plan(
    name="a",
    balance=2_000_000,
    strategy=MarginGuard,
    config=b'{"trigger": "2", "target": "5"}',
    openings=("long 25x 1000", "short 25x 500"),
)


def sweep(text: str = "trigger=1,2,3 target=4,6") -> Sweep:
    return Sweep(MARKET, [PLAN], parse_sweep(text))


def test_every_combination_is_a_variant_in_order():
    found = [variant.values for variant in parse_sweep("a=1,2 b=x,y")]

    assert found == [
        {"a": "1", "b": "x"},
        {"a": "1", "b": "y"},
        {"a": "2", "b": "x"},
        {"a": "2", "b": "y"},
    ]


@pytest.mark.parametrize(
    "text", ["", "a", "a=", "a=1,", "a=1 a=2", "=1", "a=" + "1," * 10_001 + "1"]
)
def test_what_varies_nothing_is_refused(text):
    with pytest.raises(ConfigInvalid):
        parse_sweep(text)


def test_a_value_that_the_strategy_refuses_is_refused_before_anything_runs():
    with pytest.raises(ConfigInvalid):
        sweep("trigger=2,200")
    with pytest.raises(ConfigInvalid):
        sweep("triger=2")


def test_a_variant_fares_as_a_back_test_of_its_configuration():
    trial = sweep("trigger=3")

    (row,) = map(trial.make, trial.whole())

    alone = plan(
        name="a",
        balance=2_000_000,
        strategy=MarginGuard,
        config=b'{"trigger": "3", "target": "5"}',
        openings=("long 25x 1000", "short 25x 500"),
    )
    outcome = back_test(MARKET, [alone])
    assert row.metrics == outcome.metrics
    assert row.decision_hash == outcome.decision_hash


def test_the_order_in_which_jobs_are_made_changes_nothing():
    trial = sweep()

    def backwards(jobs):
        made = {job: trial.make(job) for job in reversed(jobs)}
        return [made[job] for job in jobs]

    ahead = trial.walk_forward(lambda jobs: map(trial.make, jobs), "net-pl", 3)

    assert trial.walk_forward(backwards, "net-pl", 3) == ahead


def test_a_sweep_that_was_sent_elsewhere_makes_the_same():
    trial = sweep()
    job = Job(2, 0, 500)

    assert pickle.loads(pickle.dumps(trial)).make(job) == trial.make(job)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_best_comes_first(objective):
    trial = sweep()

    report = trial.rank(lambda jobs: map(trial.make, jobs), objective)

    scores = [score(row.metrics, objective) for row in report.rows]
    known = [value for value in scores if value is not None]
    assert known == sorted(known, reverse=True)
    assert scores[: len(known)] == known


def test_what_is_judged_was_not_seen_when_it_was_chosen():
    trial = sweep()
    asked: list[Job] = []

    def run(jobs):
        asked.extend(jobs)
        return map(trial.make, jobs)

    report = trial.walk_forward(run, "net-pl", 4)

    assert len(asked) == trial.size(4) == 6 * 4 + 3
    assert len(report.folds) == 3
    for fold in report.folds:
        assert fold.chosen_from < fold.judged_from < fold.judged_until
        assert fold.chosen.number == fold.judged.number
    judged = asked[-3:]
    chosen = asked[6:-3]
    for part, job in enumerate(judged):
        assert all(each.end == job.start for each in chosen[part * 6 : part * 6 + 6])
    assert report.forward_net_pl_sats == sum(f.judged.metrics.net_pl_sats for f in report.folds)


def test_a_market_without_prints_for_every_part_is_refused():
    small = play(parse_scenario("gap tick=20s"))
    trial = Sweep(small, [PLAN], parse_sweep("trigger=2"))

    for parts in (1, 40, 101):
        with pytest.raises(ConfigInvalid):
            trial.walk_forward(lambda jobs: map(trial.make, jobs), "net-pl", parts)


def test_an_objective_that_is_none_is_refused():
    with pytest.raises(ConfigInvalid):
        score(back_test(MARKET, [PLAN]).metrics, "luck")


def test_a_score_is_a_figure_of_the_report():
    metrics = back_test(MARKET, [PLAN]).metrics

    assert score(metrics, "drawdown") == -Decimal(metrics.max_drawdown_sats)
