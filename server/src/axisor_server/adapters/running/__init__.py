"""Starts runners as processes of their own, each within limits that it cannot lift."""

from axisor_server.adapters.running.describing import describe, describe_all
from axisor_server.adapters.running.limits import Confines
from axisor_server.adapters.running.spawning import Environments, ProcessSpawner, Socket

__all__ = [
    "Confines",
    "Environments",
    "ProcessSpawner",
    "Socket",
    "describe",
    "describe_all",
]
