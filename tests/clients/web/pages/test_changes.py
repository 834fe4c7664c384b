"""What a form says is taken literally, or refused before anything is sent."""

from __future__ import annotations

import pytest

from axisor.client import contract
from axisor.errors import FieldInvalid
from axisor_web.pages.acting import NOTHING
from axisor_web.pages.change_list import CHANGES
from axisor_web.pages.changes import listed, target_of, whole


@pytest.mark.parametrize("text", ["-1", "1.5", "1e3", "٣", "9" * 17, "ten"])
def test_a_whole_number_is_digits(text: str):
    with pytest.raises(FieldInvalid) as refused:
        whole({"days": text}, "days")

    assert refused.value.means == NOTHING


def test_nothing_said_is_nothing():
    assert whole({"days": " "}, "days") == 0
    assert listed({"kinds": " near, ,far "}, "kinds") == ("near", "far")


def test_a_change_says_what_it_is_about():
    with pytest.raises(FieldInvalid):
        target_of({"target": ""})


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_what_the_contract_calls_destructive_is_asked_for_first(name: str):
    change = CHANGES[name]

    assert change.asks or contract.find(change.call).danger == "reversible"
