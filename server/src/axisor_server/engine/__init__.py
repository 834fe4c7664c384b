"""The engine: it turns ticks and commands into journaled decisions, and decisions into effects."""

from axisor_server.engine.facade import Engine
from axisor_server.engine.failpoints import Failpoints, parse
from axisor_server.engine.settings import EngineSettings

__all__ = ["Engine", "EngineSettings", "Failpoints", "parse"]
