"""Merkle trees against the definition of RFC 6962 and its published test vectors."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor_server.domain.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
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


@given(leaf_lists, st.data())
def test_every_older_tree_is_proved_and_no_other(leaves: list[bytes], data: st.DataObject):
    old = data.draw(st.integers(0, len(leaves)))
    old_root, root, size = root_of(leaves[:old]), root_of(leaves), len(leaves)

    path = consistency_proof(leaves, old)

    assert is_consistent(old=old, old_root=old_root, size=size, root=root, path=path)
    assert not is_consistent(old=old, old_root=b"x" * 32, size=size, root=root, path=path)
    if old:
        assert not is_consistent(old=old, old_root=old_root, size=size, root=b"x" * 32, path=path)
    assert not is_consistent(old=old, old_root=old_root, size=size, root=root, path=(*path, root))
    assert not is_consistent(old=size + 1, old_root=old_root, size=size, root=root, path=path)


@given(leaf_lists.filter(lambda leaves: len(leaves) > 1), st.data())
def test_a_changed_past_is_not_consistent(leaves: list[bytes], data: st.DataObject):
    old = data.draw(st.integers(1, len(leaves)))
    changed = data.draw(st.integers(0, old - 1))
    after = [*leaves]
    after[changed] = hashlib.sha256(leaves[changed]).digest()

    path = consistency_proof(after, old)

    assert not is_consistent(
        old=old, old_root=root_of(leaves[:old]), size=len(after), root=root_of(after), path=path
    )


@pytest.mark.parametrize("index", [-1, 3, 4])
def test_a_leaf_that_is_not_there_has_no_proof(index: int):
    with pytest.raises(IndexError):
        inclusion_proof(leaves_of(INPUTS[:3]), index)


@pytest.mark.parametrize("old", [-1, 4])
def test_a_tree_larger_than_the_tree_has_no_proof(old: int):
    with pytest.raises(IndexError):
        consistency_proof(leaves_of(INPUTS[:3]), old)
