"""Every account is halted by a client once per request, by a file, and by a signal."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.support.core import Bench
from tests.support.recording import Recording

from axisor.errors import HaltKept, RequestExpired, StoreUnavailable
from axisor.events import HaltLevel
from axisor_server.services.halts import Halts, level_of
from axisor_server.services.requests import Once, Request


class Desk:
    """A core with the halts of its house, and a file that a test writes."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.engine = self.bench.engine()
        self.text: str | None = None
        bench = self.bench
        recorder = Recording(bench.store, bench.clock)
        once = Once(bench.store, bench.clock, bench.ids, recorder)
        self.halts = Halts(
            engine=self.engine, clock=self.bench.clock, once=once, read_file=self.read
        )

    async def read(self) -> str | None:
        return self.text

    def level(self) -> HaltLevel:
        return self.engine.status().halt.level


@pytest.fixture
async def desk():
    desk = Desk()
    await desk.bench.add_account()
    await desk.bench.up(desk.engine)
    watching = asyncio.ensure_future(desk.halts.watch())
    yield desk
    watching.cancel()
    await desk.bench.crash(desk.engine)


def asked(id: str = "r", **more: object) -> Request:
    return Request(method="S/Halt", request_id=id, digest=b"d", principal="owner", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("", HaltLevel.RISK),
        ("\n", HaltLevel.RISK),
        ("risk", HaltLevel.RISK),
        (" ALL \n", HaltLevel.ALL),
        ("flatten", HaltLevel.FLATTEN),
        ("none", HaltLevel.RISK),
        ("resume", HaltLevel.RISK),
        ("fl�tten", HaltLevel.RISK),
    ],
)
def test_what_the_file_asks_for(text, level):
    assert level_of(text)[0] is level


async def test_a_file_halts_within_a_second_and_its_removal_resumes_nothing(desk):
    desk.text = "all"
    await desk.bench.clock.advance(1)
    assert desk.level() is HaltLevel.ALL
    assert desk.halts.report().file

    desk.text = None
    await desk.bench.clock.advance(5)

    assert desk.level() is HaltLevel.ALL
    assert not desk.halts.report().file


async def test_a_resume_is_refused_while_the_file_is_there_and_works_without_it(desk):
    desk.text = ""
    await desk.bench.clock.advance(1)
    with pytest.raises(HaltKept):
        await desk.halts.resume(reason="", request=asked("one"))
    assert desk.level() is HaltLevel.RISK

    desk.text = None
    await desk.halts.resume(reason="", request=asked("two"))

    assert desk.level() is HaltLevel.NONE


async def test_a_resume_by_another_core_does_not_free_the_core_that_has_the_file(desk):
    desk.text = "all"
    await desk.bench.clock.advance(2)

    await desk.engine.resume_all(principal="elsewhere")
    await desk.bench.clock.advance(1)

    assert desk.level() is HaltLevel.ALL


async def test_a_client_may_flatten_though_the_file_says_all(desk):
    desk.text = "all"
    await desk.bench.clock.advance(2)

    await desk.halts.halt(HaltLevel.FLATTEN, reason="", request=asked())
    await desk.bench.clock.advance(5)

    assert desk.level() is HaltLevel.FLATTEN


async def test_a_file_that_changes_is_obeyed_anew(desk):
    desk.text = "risk"
    await desk.bench.clock.advance(2)

    desk.text = "all"
    await desk.bench.clock.advance(1)

    assert desk.level() is HaltLevel.ALL


async def test_a_signal_halts_new_risk(desk):
    desk.halts.on_signal()

    assert desk.level() is HaltLevel.RISK
    await desk.bench.clock.advance(2)
    report = desk.halts.report()
    assert (report.halt.principal, report.durable) == ("signal", True)


async def test_a_repeated_request_halts_once(desk):
    await desk.halts.halt(HaltLevel.ALL, reason="", request=asked("one"))
    await desk.halts.resume(reason="", request=asked("two"))

    again = await desk.halts.halt(HaltLevel.ALL, reason="", request=asked("one"))

    assert again.halt.level is HaltLevel.ALL  # what was answered then
    assert desk.level() is HaltLevel.NONE


async def test_a_halt_is_in_force_though_the_store_takes_nothing(desk):
    await desk.bench.store.close()

    with pytest.raises(StoreUnavailable) as refused:
        await desk.halts.halt(HaltLevel.ALL, reason="", request=asked())

    assert desk.level() is HaltLevel.ALL
    assert "obeys it already" in refused.value.means
    await desk.bench.store.open()
    await desk.bench.clock.advance(2)
    assert desk.halts.report().durable


async def test_a_dry_run_changes_nothing(desk):
    report = await desk.halts.halt(HaltLevel.ALL, reason="", request=asked(validate_only=True))

    assert (report.halt.level, desk.level()) == (HaltLevel.NONE, HaltLevel.NONE)


async def test_a_request_that_comes_too_late_is_refused(desk):
    late = desk.bench.clock.now() - timedelta(seconds=1)

    for validate_only in (False, True):
        with pytest.raises(RequestExpired):
            await desk.halts.halt(
                HaltLevel.ALL,
                reason="",
                request=asked("x", not_after=late, validate_only=validate_only),
            )
    assert desk.level() is HaltLevel.NONE
