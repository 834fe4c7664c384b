"""One verdict on many cases, which names each that fails.

To begin and end a test of its own would cost more than most of these cases.
"""

from __future__ import annotations

from collections.abc import Mapping


def all_well(found: Mapping[str, object]) -> None:
    """Fail with a line for each case in which something was found; there must be a case."""
    wrong = [f"{case}: {what}" for case, what in found.items() if what]
    assert found, "there was nothing to look at"
    assert not wrong, f"{len(wrong)} of {len(found)}:\n" + "\n".join(wrong)
