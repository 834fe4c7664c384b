"""Links lead somewhere, and no page is missing from the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import pages
from tests.house import sources


def _lost(path: Path) -> list[str]:
    lost = []
    for link in pages.LINK.findall(sources.text(path)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (pages.ROOT / path).parent / name if name else pages.ROOT / path
        if not _leads(target, anchor):
            lost.append(link)
    return lost


def _leads(target: Path, anchor: str) -> bool:
    if not target.exists():
        return False
    return not anchor or anchor in pages.anchors(target.resolve().relative_to(pages.ROOT))


def test_every_link_leads_somewhere() -> None:
    sources.all_well(pages.written(), _lost)


def test_the_index_names_every_page() -> None:
    index = pages.page("README.md")
    here = {path.name for path in (pages.ROOT / "docs").glob("*.md")} - {"README.md"}

    assert sorted(name for name in here if f"]({name})" not in index) == []


def test_the_index_of_decisions_names_every_note() -> None:
    folder = pages.ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")

    assert sorted(p.name for p in folder.glob("*.md") if f"]({p.name})" not in index) == [
        "README.md"
    ]


@pytest.mark.parametrize(
    ("title", "anchor"),
    [("Exit codes", "exit-codes"), ("EventService.WatchEvents", "eventservicewatchevents")],
)
def test_an_anchor_is_made_as_github_makes_it(title: str, anchor: str) -> None:
    assert pages.anchor(title) == anchor
