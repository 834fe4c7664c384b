"""The contract as the SDK tells it: every method of the core, its right, fields and errors."""

from __future__ import annotations

import pytest

from axisor.client import contract
from axisor.errors import FieldInvalid, reasons
from axisor.model import Permission
from axisor_server.rpc import rules

SERVED = rules.methods(rules.services())
METHODS = {method.path: method for method in contract.methods()}


def test_it_has_the_methods_that_a_core_serves() -> None:
    assert set(METHODS) == set(SERVED)


def test_it_states_the_rules_that_a_core_enforces() -> None:
    told = {
        path: (m.right, m.streams or m.converses, m.reads, m.step_up) for path, m in METHODS.items()
    }

    assert told == {
        path: (
            "" if m.permission is Permission.NONE else str(m.permission.name).lower(),
            m.streams,
            m.reads,
            m.step_up,
        )
        for path, m in SERVED.items()
    }


def test_every_message_of_a_call_can_be_described_and_made() -> None:
    for method in METHODS.values():
        for name in (method.request, method.answer):
            told = {field.name for field in contract.fields(name)}
            assert told == set(contract.message_class(name).DESCRIPTOR.fields_by_name)
            assert all(field.text for field in contract.fields(name)), name


def test_reasons_are_those_of_the_method_and_of_its_service() -> None:
    place = contract.find("OrderService.PlaceOrder")

    assert {"PRICE_OFF_STEP", "VENUE_UNAVAILABLE"} <= set(place.reasons) <= set(reasons())
    assert contract.find("GetAuditKey").reasons == ("STORE_UNAVAILABLE",)


@pytest.mark.parametrize(
    "words", ["PlaceOrder", "orderservice.placeorder", "axisor.v1.OrderService/PlaceOrder"]
)
def test_a_method_is_found_by_any_of_its_names(words: str) -> None:
    assert contract.find(words).path == "axisor.v1.OrderService/PlaceOrder"


def test_a_name_that_no_method_has_is_refused_with_what_comes_near() -> None:
    with pytest.raises(FieldInvalid, match=r"no `Order`.*OrderService\.PlaceOrder"):
        contract.find("Order")
    with pytest.raises(FieldInvalid, match="axisor api list"):
        contract.find("Nothing")


def test_a_message_that_is_not_there_is_refused() -> None:
    with pytest.raises(FieldInvalid, match=r"no message `axisor\.v1\.Nothing`"):
        contract.fields("axisor.v1.Nothing")


def test_only_enums_have_values_and_unspecified_is_none_of_them() -> None:
    assert contract.values("axisor.v1.Side") == ("SIDE_BUY", "SIDE_SELL")
    assert contract.values("string") == ()
