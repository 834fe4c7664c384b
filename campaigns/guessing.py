"""Guesses at passwords: ten thousand from a thousand addresses, and how long answers take.

Time passes in virtual time; only how long an answer takes is measured. Persons who are there and
persons who are not are asked in turn, so that whatever the machine does it does to both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from random import Random
from statistics import fmean, variance

from tests.support.people import ADA, CHEAP, People, begin

from axisor.errors import RateLimited, SignInRefused
from axisor_server.adapters.passwords import SMALL
from axisor_server.domain.sessions import Device
from axisor_server.services.principals import Peer
from campaigns.report import Figures, Report

TITLE = "guessed passwords"
GUESSES = {Figures.QUICK: 1_000, Figures.FULL: 10_000}
TIMED = {Figures.QUICK: 100, Figures.FULL: 2_000}
ADDRESSES, HOUR_S = 1_000, 3_600
MOST_AN_HOUR = 30
MOST_T = 4.5
STRANGER = Device()


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Guess at one person from many addresses, then time answers about two."""
    report = Report(name="guessing", title=TITLE, figures=figures, seed=seed)
    looked_at = await _guess(Random(seed), GUESSES[figures])
    report.tell("guesses", GUESSES[figures])
    report.tell("guesses looked at in an hour", looked_at)
    report.none(f"looked at beyond {MOST_AN_HOUR}", range(MOST_AN_HOUR, looked_at))
    there, not_there = await _time(figures)
    report.most("Welch's t between a person and nobody", abs(welch(there, not_there)), MOST_T, "t")
    report.tell("answers about a person (ms)", round(fmean(there) * 1_000, 2))
    report.tell("answers about nobody (ms)", round(fmean(not_there) * 1_000, 2))
    return report


async def _guess(die: Random, count: int) -> int:
    people = await begin(profile=CHEAP)
    await people.join()
    await people.wait(HOUR_S)
    before = people.passwords.looked_at
    for guess in range(count):
        at = die.randrange(ADDRESSES)
        await _try(people, ADA, f"guess number {guess}", Peer(address=f"10.0.{at >> 8}.{at & 255}"))
        await people.wait(HOUR_S / count)
    return people.passwords.looked_at - before


async def _time(figures: Figures) -> tuple[list[float], list[float]]:
    people = await begin(profile=CHEAP if figures is Figures.QUICK else SMALL)
    await people.join()
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 * (TIMED[figures] + 2)):
        await people.wait(HOUR_S)
        email = (ADA, "nobody@example.org")[turn % 2]
        begun = time.perf_counter()
        await _try(people, email, "not the one it is", Peer(address="192.0.2.1"))
        times[turn % 2].append(time.perf_counter() - begun)
    return times[0][2:], times[1][2:]  # the first ones load what later ones have


async def _try(people: People, email: str, password: str, peer: Peer) -> None:
    try:
        await people.login(email, password, device=STRANGER, peer=peer)
    except (SignInRefused, RateLimited):
        return
    raise AssertionError("a guess was right")


def welch(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Welch's t of two samples."""
    spread = variance(one) / len(one) + variance(other) / len(other)
    return (fmean(one) - fmean(other)) / math.sqrt(spread)
