"""The logbook: says in the core's log what happens to the accounts, in words."""

from __future__ import annotations

import logging

from axisor.events import Event
from axisor.hookspecs import hookimpl
from axisor_logbook.lines import line_of

log = logging.getLogger("axisor.logbook")


@hookimpl
def observe_event(event: Event) -> None:
    """Write an event's line, if it has one for people."""
    line = line_of(event)
    if line is not None:
        level, text = line
        account = event.stream.rpartition("/")[2]
        log.log(level, "%s %s #%d %s", event.mode.value.upper(), account, event.sequence, text)
