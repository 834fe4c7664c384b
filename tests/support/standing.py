"""How an account stands, as tests ask for it."""

from __future__ import annotations

from axisor.events import NoticeGiven, Standing
from axisor.model import Severity
from axisor_server.engine import Engine
from tests.support.core import Bench


def standing(engine: Engine) -> Standing:
    """Return how the first account stands."""
    return engine.status().accounts[0].standing


def codes(engine: Engine) -> list[str]:
    """Return why it stands so."""
    return [cause.code for cause in engine.status().accounts[0].causes]


async def ticking(bench: Bench, seconds: int, price: str = "100000") -> None:
    """Let time pass with a tick every second."""
    for _ in range(int(seconds)):
        await bench.move(price, seconds=0.99)


async def alarms(bench: Bench) -> list[tuple[str, Severity]]:
    """Return every alarm and every end of one, in order."""
    notices = await bench.payloads(NoticeGiven)
    return [(n.code, n.severity) for n in notices if n.code.startswith("PROTECTION")]
