"""The campaigns there are, by name; each takes figures, a seed and a budget in seconds."""

from __future__ import annotations

from campaigns import kill, replicas
from campaigns.report import Campaign

CAMPAIGNS: dict[str, Campaign] = {
    "kill": kill.run,
    "replicas": replicas.run,
}
