"""Folders that look like virtual environments, with a file or two in them."""

from __future__ import annotations

from pathlib import Path

PACKAGES = "lib/python3.11/site-packages"


def environment(home: Path) -> Path:
    """Make one with the plugin `dip` in it; return its Python, which nobody is to start."""
    packages = home / PACKAGES
    packages.mkdir(parents=True)
    (packages / "dip.py").write_text("OFFERS = 1\n")
    (home / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
    (home / "bin").mkdir()
    (home / "bin" / "python").write_text("")
    return home / "bin" / "python"
