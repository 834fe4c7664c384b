"""Keeps a runner for every run whose strategy is not in the core, and judges what it says."""

from axisor_server.services.running.bars import Bars
from axisor_server.services.running.launching import Process, Spawner
from axisor_server.services.running.runners import Runners
from axisor_server.services.running.seat import Patience

__all__ = ["Bars", "Patience", "Process", "Runners", "Spawner"]
