"""Every port in memory: what tests, simulations and paper mode run on."""

from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.memory.emergency import MemoryEmergencyLog
from axisor_server.adapters.memory.ids import SeededIds
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.adapters.memory.vault import MemoryVault
from axisor_server.adapters.memory.wakeups import MemoryWakeups

__all__ = [
    "MemoryEmergencyLog",
    "MemoryStore",
    "MemoryVault",
    "MemoryWakeups",
    "SeededIds",
    "VirtualClock",
]
