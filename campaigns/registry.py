"""The campaigns there are, by name; each takes figures, a seed and a budget in seconds."""

from __future__ import annotations

from campaigns import (
    forging,
    gates,
    guessing,
    kill,
    late,
    latency,
    malformed,
    mutants,
    recovery,
    replicas,
    rest,
    schedules,
    soak,
    strangers,
    upgrades,
    worlds,
)
from campaigns.report import Campaign

CAMPAIGNS: dict[str, Campaign] = {
    "forging": forging.run,
    "gates": gates.run,
    "guessing": guessing.run,
    "kill": kill.run,
    "late": late.run,
    "latency": latency.run,
    "mutants": mutants.run,
    "malformed": malformed.run,
    "recovery": recovery.run,
    "replicas": replicas.run,
    "rest": rest.run,
    "schedules": schedules.run,
    "soak": soak.run,
    "strangers": strangers.run,
    "upgrades": upgrades.run,
    "worlds": worlds.run,
}
