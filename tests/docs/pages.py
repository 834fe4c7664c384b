"""Reads the pages: their fenced blocks, their links, and the names they put in backticks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from msgspec import Struct

from tests.house import sources

ROOT = sources.ROOT
FENCE = re.compile(r"^```(\w+)(?: +(\w+))?\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", flags=re.MULTILINE)


class Block(Struct, frozen=True):
    """A fenced block: its language, the word after it, and its text."""

    language: str
    name: str
    text: str


def page(name: str) -> str:
    """Return a page of `docs/`, or one at the root by its path."""
    path = ROOT / "docs" / name if (ROOT / "docs" / name).exists() else ROOT / name
    return path.read_text(encoding="utf-8")


def blocks(name: str, language: str = "", word: str | None = None) -> list[Block]:
    """Return the fenced blocks of a page, of one language and name where they are given."""
    found = [Block(kind, mark or "", text) for kind, mark, text in FENCE.findall(page(name))]
    return [
        block
        for block in found
        if (not language or block.language == language) and (word is None or block.name == word)
    ]


def only(name: str, language: str, word: str | None = None) -> str:
    """Return the text of the one block of this kind."""
    (block,) = blocks(name, language, word)
    return block.text


def written() -> list[Path]:
    """Return every Markdown page that people or scripts of ours wrote, relative to the root."""
    return sources.hand_written(".md")


@cache
def anchors(path: Path) -> set[str]:
    """Return the anchors that a page's headings make, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", sources.text(path), flags=re.MULTILINE | re.DOTALL)
    return {anchor(title) for title in HEADING.findall(text)}


def anchor(title: str) -> str:
    """Return the anchor of one heading."""
    kept = re.sub(r"[^\w\- ]", "", title.strip().lower())
    return kept.replace(" ", "-")
