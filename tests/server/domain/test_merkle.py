"""Merkle trees against the definition of RFC 6962 and its published test vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor_server.domain.merkle import (
    EMPTY,
    Frontier,
    inclusion_proof,
    node,
    root_of,
)

INPUTS = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The vectors that the authors of RFC 6962 test their own log with, for 1 to 8 leaves."""


def is_included(leaf: bytes, index: int, *, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether a path proves that a leaf is at an index of a tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


leaf_lists = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


def leaves_of(inputs: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + each).digest() for each in inputs]


def by_definition(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(by_definition(leaves[:split]), by_definition(leaves[split:]))


@pytest.mark.parametrize("count", range(1, 9))
def test_the_published_roots_come_out(count: int):
    assert root_of(leaves_of(INPUTS[:count])).hex() == ROOTS[count - 1]


def test_a_tree_without_leaves_has_the_hash_of_nothing():
    assert root_of([]) == EMPTY == hashlib.sha256(b"").digest()


@given(leaf_lists, st.integers(0, 70))
def test_a_frontier_grows_to_the_root_by_definition(leaves: list[bytes], cut: int):
    grown = Frontier().extended(leaves[:cut]).extended(leaves[cut:])

    assert grown.root == by_definition(leaves)
    assert grown.size == len(leaves)
    assert len(grown.peaks) == len(leaves).bit_count()


@given(leaf_lists.filter(bool), st.data())
def test_every_leaf_is_proved_at_its_place_and_no_other(leaves: list[bytes], data: st.DataObject):
    index = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.integers(-1, len(leaves)))
    size, root = len(leaves), root_of(leaves)

    path = inclusion_proof(leaves, index)

    assert is_included(leaves[index], index, size=size, path=path, root=root)
    elsewhere = other != index and leaves[other % size] != leaves[index]
    if elsewhere:
        assert not is_included(leaves[index], other, size=size, path=path, root=root)
    assert not is_included(b"x" * 32, index, size=size, path=path, root=root)
    assert not is_included(leaves[index], index, size=size, path=(*path, root), root=root)
    if path:
        assert not is_included(leaves[index], index, size=size, path=path[:-1], root=root)


@pytest.mark.parametrize("index", [-1, 3, 4])
def test_a_leaf_that_is_not_there_has_no_proof(index: int):
    with pytest.raises(IndexError):
        inclusion_proof(leaves_of(INPUTS[:3]), index)
