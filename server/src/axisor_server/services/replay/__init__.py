"""Makes every recorded decision again with today's code and compares it with what was recorded."""

from axisor_server.services.replay.player import Verdict, replay
from axisor_server.services.replay.sources import Source, chain, journal_source

__all__ = ["Source", "Verdict", "chain", "journal_source", "replay"]
