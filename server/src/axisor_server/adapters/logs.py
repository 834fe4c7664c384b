"""Log lines: JSON on standard error, ours and those of libraries, each scrubbed."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import TextIO

import structlog

from axisor_server.adapters.scrubbing import scrub

NOISY = ("httpx", "httpcore", "hpack", "websockets")
"""Libraries whose own chatter may show addresses and headers; ours says what matters."""


def configure(level: str, *, to: TextIO | None = None) -> None:
    """Log JSON lines from a level on, and whatever ends the process or a thread."""
    stream = to or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    written: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        scrub,
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=[*shared, *written],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
        )
    )
    logging.basicConfig(level=max(number, logging.INFO), handlers=[handler], force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _ended
    threading.excepthook = _thread_ended


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    # As the interpreter's own, which shows no variables either, but scrubbed.
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("axisor").critical("ended", exc_info=(kind, error, trace))


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _ended(args.exc_type, args.exc_value, args.exc_traceback)
