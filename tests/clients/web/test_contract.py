"""Every method has its route, every route its method, and no two are alike."""

from __future__ import annotations

import itertools

import pytest

from axisor_web.contract import compiled, find, methods, unreachable, verbs_of


def filled(template: str) -> str:
    """Return a path that a template means."""
    path = template
    for field in ("sequence",):
        path = path.replace("{" + field + "}", "7")
    for part in ("name", "parent", "account.name"):
        path = path.replace("{" + part + "=", "")
    return path.replace("*", "main").replace("}", "")


ROUTES = [(route, method) for method in methods() for route in method.routes]
NAMES = [f"{route.verb} {route.template}" for route, _ in ROUTES]


def test_only_the_method_that_both_sides_stream_has_no_route():
    assert unreachable() == ("/axisor.v1.RunnerService/Run",)


@pytest.mark.parametrize(("route", "method"), ROUTES, ids=NAMES)
def test_a_path_of_each_route_leads_to_its_method_and_to_no_other(route, method):
    path = filled(route.template)

    found = [
        each.path
        for each in methods()
        for other in each.routes
        if other.verb == route.verb and other.match(path) is not None
    ]

    assert found == [method.path]


@pytest.mark.parametrize(("route", "method"), ROUTES, ids=NAMES)
def test_reads_are_gets_and_what_changes_something_never_is(route, method):
    if route.verb == "GET":
        assert method.reads
    if not method.reads:
        assert route.verb in {"POST", "PATCH", "DELETE"}


@pytest.mark.parametrize(("route", "method"), ROUTES, ids=NAMES)
def test_each_variable_of_a_path_is_a_field_of_the_request(route, method):
    for field in route.fields:
        at = method.request.DESCRIPTOR
        for part in field.split("."):
            assert part in at.fields_by_name
            at = at.fields_by_name[part].message_type


def test_the_variables_of_a_path_are_what_the_fields_get():
    found = find("POST", "/v1/accounts/main/positions/0-1:addMargin")

    assert found is not None
    assert found[1].name == "AddMargin"
    assert found[2] == {"name": "accounts/main/positions/0-1"}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/accounts/main/positions/a/b",
        "/v1/accounts//positions",
        "/v1/accounts/main:halt/",
        "/v1/accounts/ma%2Fin",
        "/v1/accounts/../core/status",
        "/v1/",
        "/v2/accounts",
    ],
)
def test_a_path_that_is_nearly_one_is_none(path):
    assert verbs_of(path) == ()


def test_a_template_with_two_variables_gives_both():
    route = compiled("get", "/v1/{parent=accounts/*}/events/{sequence}")

    assert route.match("/v1/accounts/a/events/7") == {"parent": "accounts/a", "sequence": "7"}


def test_the_verbs_of_a_path_are_those_that_lead_somewhere():
    assert verbs_of("/v1/accounts") == ("GET", "POST")
    assert verbs_of("/v1/accounts/main") == ("DELETE", "GET", "PATCH")


def test_templates_are_distinct_but_for_their_verb():
    for (one, _), (other, _) in itertools.combinations(ROUTES, 2):
        assert (one.verb, one.template) != (other.verb, other.template)
