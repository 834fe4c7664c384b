"""The page for programs lists the contract as it is, and finds what is asked for."""

from __future__ import annotations

from axisor.client import contract
from axisor_web.contract import methods
from axisor_web.pages.reference import calls, found
from axisor_web.pages.words import DANGERS, RIGHTS


def test_every_call_of_the_contract_is_listed_with_its_routes():
    listed = {call.path: call for call in calls()}

    assert set(listed) == {method.path for method in contract.methods()}
    for method in methods():
        routes = {(route.verb, route.template) for route in method.routes}
        assert set(listed[method.path.removeprefix("/")].routes) == routes


def test_every_right_and_danger_has_a_word():
    assert {call.right for call in calls()} <= set(RIGHTS)
    assert {call.danger for call in calls()} <= set(DANGERS)


def test_calls_are_found_by_all_words_that_they_say():
    services = dict(found("Margin ADD"))

    assert "AddMargin" in {call.name for call in services["MarginService"]}
    assert "ListPositions" not in {call.name for call in services["MarginService"]}
    assert dict(found("/v1/channels post")).keys() == {"NotificationService"}
    assert list(found("no such words at all")) == []
    assert sum(len(group) for _, group in found("")) == len(calls())
