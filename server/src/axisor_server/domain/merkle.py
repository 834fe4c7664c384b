"""Merkle trees over journals (RFC 6962 §2.1): roots and inclusion proofs.

A leaf is the hash of a journal entry, which is made with the leading zero byte of a leaf; an inner
node is SHA-256 over a leading one byte and its two children. Leaves are counted from 0, so the
entry with sequence `n` is leaf `n - 1`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from msgspec import Struct

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier(Struct, frozen=True):
    """A growing tree without its leaves: the roots of its full subtrees, the largest first.

    There is one of them for each 1 in the size, so adding a leaf and telling the root cost the
    logarithm of the size.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def extended(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the frontier after more leaves."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            peak, left = leaf, size
            while left & 1:
                peak = node(peaks.pop(), peak)
                left >>= 1
            peaks.append(peak)
            size += 1
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self.peaks:
            return EMPTY
        root = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            root = node(peak, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over some leaves."""
    return Frontier().extended(leaves).root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path of a leaf, from the leaf upward. Raises IndexError where it is none."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves has no leaf {index}")
    path: list[bytes] = []
    while len(leaves) > 1:
        split = _split(len(leaves))
        if index < split:
            path.append(root_of(leaves[split:]))
            leaves = leaves[:split]
        else:
            path.append(root_of(leaves[:split]))
            leaves, index = leaves[split:], index - split
    return tuple(reversed(path))


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
