"""The campaigns there are, by name; each takes figures, a seed and a budget in seconds."""

from __future__ import annotations

from campaigns import (
    browsers,
    cuts,
    forging,
    gates,
    guessing,
    kill,
    late,
    latency,
    malformed,
    mutants,
    newcomer,
    recovery,
    replicas,
    rest,
    schedules,
    slow,
    soak,
    storm,
    strangers,
    streams,
    upgrades,
    worlds,
)
from campaigns.report import Campaign

CAMPAIGNS: dict[str, Campaign] = {
    "browsers": browsers.run,
    "cuts": cuts.run,
    "forging": forging.run,
    "gates": gates.run,
    "guessing": guessing.run,
    "kill": kill.run,
    "late": late.run,
    "latency": latency.run,
    "mutants": mutants.run,
    "malformed": malformed.run,
    "newcomer": newcomer.run,
    "recovery": recovery.run,
    "replicas": replicas.run,
    "rest": rest.run,
    "schedules": schedules.run,
    "slow": slow.run,
    "soak": soak.run,
    "storm": storm.run,
    "strangers": strangers.run,
    "streams": streams.run,
    "upgrades": upgrades.run,
    "worlds": worlds.run,
}
