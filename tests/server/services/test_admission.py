"""Which keys are taken where sats are real: none that could take them away."""

from __future__ import annotations

import pytest

from axisor.errors import FieldInvalid
from axisor.model import Mode
from axisor.ports import KeyRights
from axisor_server.services.admission import admit_key


def test_a_key_that_withdraws_is_refused_where_sats_are_real() -> None:
    withdraws, trades = (KeyRights(frozenset(), can) for can in (True, False))

    with pytest.raises(FieldInvalid, match="can withdraw"):
        admit_key(Mode.LIVE, "mainnet", withdraws)
    for mode, network, rights in (
        (Mode.LIVE, "mainnet", trades),
        (Mode.LIVE, "mainnet", KeyRights(frozenset(), None)),
        (Mode.SHADOW, "mainnet", withdraws),
        (Mode.LIVE, "signet", withdraws),
    ):
        admit_key(mode, network, rights)
