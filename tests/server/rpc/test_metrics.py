"""What Prometheus reads of the venue's breakers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from axisor.events import HaltLevel
from axisor.model import Mode
from axisor.ports import Circuit, RateBudget
from axisor_server.engine.answers import AccountSummary, EngineStatus
from axisor_server.rpc.metrics import CoreCollector


def shown(circuit: Circuit) -> str:
    account = AccountSummary(
        account="a",
        mode=Mode.LIVE,
        halt=HaltLevel.NONE,
        acting=True,
        error="",
        sequence=1,
        open_intents=0,
        read_age_ms=0,
        runs=(),
        budget=RateBudget(Decimal(5), Decimal(5), 0, (circuit,)),
    )
    status = EngineStatus(
        owner="o",
        max_mode=Mode.LIVE,
        started_at=None,
        stopping=False,
        accounts=(account,),
        feeds=(),
    )
    registry = CollectorRegistry()
    registry.register(CoreCollector(lambda: status, lambda: 0))
    return generate_latest(registry).decode()


@pytest.mark.parametrize(
    ("state", "value"), [("closed", "0.0"), ("half_open", "0.5"), ("open", "1.0"), ("new", "1.0")]
)
def test_a_breaker_is_a_gauge(state: str, value: str):
    labels = 'account="a",circuit="history",mode="live"'

    assert f"axisor_venue_circuit_open{{{labels}}} {value}" in shown(Circuit("history", state))
