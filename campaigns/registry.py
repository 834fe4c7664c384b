"""The campaigns there are, by name; each takes figures, a seed and a budget in seconds."""

from __future__ import annotations

from campaigns import gates, kill, latency, malformed, recovery, replicas
from campaigns.report import Campaign

CAMPAIGNS: dict[str, Campaign] = {
    "gates": gates.run,
    "kill": kill.run,
    "latency": latency.run,
    "malformed": malformed.run,
    "recovery": recovery.run,
    "replicas": replicas.run,
}
