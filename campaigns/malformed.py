"""Every method of the contract asked a thousand malformed things, over gRPC and TLS on loopback.

The core is in this process, on a store in memory. Whatever is asked, its answer must be typed,
its log must hold no error, and its memory must not grow with the questions.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import structlog
from tests.server.rpc.malformed import resident, trouble
from tests.server.rpc.serving import bearer, creation, serving

from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor_server.adapters import tls
from axisor_server.adapters.system import SystemClock
from axisor_server.rpc.rules import methods, services
from campaigns.report import Figures, Report

TITLE = "Malformed requests to every method"
ROUNDS = {Figures.QUICK: 200, Figures.FULL: 1_000}
WARM = 20
"""Requests to each method before memory is measured."""

MOST_GROWTH_MIB = 16
LOUD = ("error", "critical")
MIB = 1024 * 1024


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Ask, and tell what was not answered as it should be."""
    report = Report(name="malformed", title=TITLE, figures=figures, seed=seed)
    end, rounds, asked = time.monotonic() + budget, ROUNDS[figures], 0
    found: list[str] = []
    contract = methods(services())
    with tempfile.TemporaryDirectory() as folder, structlog.testing.capture_logs() as lines:
        certificate = tls.load_or_make(Path(folder), SystemClock())
        async with serving(certificate) as core, core.channel() as channel:
            stub = AccountServiceStub(channel)
            made = await stub.CreateAccount(creation(), metadata=bearer())
            account: str = made.account.name
            for method in contract.values():
                await trouble(core, channel, account, method, seed=seed, rounds=WARM)
            before = resident()
            for method in contract.values():
                if time.monotonic() > end:
                    break
                said = await trouble(core, channel, account, method, seed=seed + 1, rounds=rounds)
                found += [f"{method.path}: {each}" for each in said]
                asked += 1
                lines[:] = [line for line in lines if line["log_level"] in LOUD]
            growth = (resident() - before) / MIB
    report.least("methods asked", asked, len(contract))
    report.tell("requests", asked * rounds)
    report.none("answers INTERNAL or UNKNOWN", found)
    loud = [str(line["event"]) for line in lines if line["log_level"] in LOUD]
    report.none("errors in the log", loud)
    report.most("growth of memory", round(growth, 1), MOST_GROWTH_MIB, "MiB")
    return report
