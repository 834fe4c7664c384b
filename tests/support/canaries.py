"""Secrets that must never come to light, and everything that could bring them to light."""

from __future__ import annotations

import base64
import io
import logging
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import structlog

from axisor_server.adapters import logs

BYTES = re.compile(r"\\x((?:[0-9a-f]{2})+)")
"""Bytes as PostgreSQL writes them."""


def forms(canary: str) -> Mapping[str, bytes]:
    """Return the ways in which a secret may be written."""
    raw = canary.encode()
    return {
        "plain": raw,
        "hexadecimal": raw.hex().encode(),
        "base64": base64.b64encode(raw).rstrip(b"=")[:-1],
        "base64, one along": base64.b64encode(b"x" + raw)[2:-4],
        "base64, two along": base64.b64encode(b"xx" + raw)[3:-4],
        "for an address": quote(canary, safe="").encode(),
        "backwards": raw[::-1],
        "in 16 bits": canary.encode("utf-16-le"),
    }


def leaks(canaries: Iterable[str], places: Mapping[str, bytes]) -> list[str]:
    """Return where which secret is found, in whatever way it is written."""
    return [
        f"{canary} {form} in {place}"
        for canary in canaries
        for form, needle in forms(canary).items()
        for place, content in places.items()
        if needle in content
    ]


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Give what is logged, of every level, as a core writes it; logging is put back afterwards."""
    kept = logging.root.handlers[:], logging.root.level, sys.excepthook, threading.excepthook
    to = io.StringIO()
    logs.configure("debug", to=to)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield to
    finally:
        structlog.reset_defaults()
        logging.root.handlers[:], level, sys.excepthook, threading.excepthook = kept
        logging.root.setLevel(level)


def files_of(directory: Path, *, but: Iterable[str] = ()) -> Mapping[str, bytes]:
    """Return every file below a directory with its bytes, those left out that hold keys."""
    left_out = set(but)
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name not in left_out
    }


def dump(dsn: str) -> Mapping[str, bytes]:
    """Return every table of a PostgreSQL schema, every column as text and as its bytes."""
    found = {}
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()"
        ).fetchall()
        for (table,) in rows:
            lines = connection.execute(f"SELECT t::text FROM {table} t").fetchall()
            text = "\n".join(str(line) for (line,) in lines)
            written = [bytes.fromhex(digits) for digits in BYTES.findall(text)]
            found[f"table {table}"] = b"\n".join((text.encode(), *written))
    return found
