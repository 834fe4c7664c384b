"""Makes every recorded decision again with today's code and compares it with what was recorded."""

from axisor_server.services.replay.files import FileSource, export
from axisor_server.services.replay.player import Strategies, Verdict, replay
from axisor_server.services.replay.sources import MemorySource, Source, chain, journal_source

__all__ = [
    "FileSource",
    "MemorySource",
    "Source",
    "Strategies",
    "Verdict",
    "chain",
    "export",
    "journal_source",
    "replay",
]
