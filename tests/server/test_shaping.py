"""The settings of plugins are held to the shape that each says they have."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.hookspecs import hookimpl
from axisor_server.plugins import Plugins


def test_hook_describe_settings():
    class Sized(Struct, forbid_unknown_fields=True):
        size: int = 1

    class Told:
        given: ClassVar[list[Any]] = []

        @hookimpl
        def configure(self, settings):
            self.given.append(settings)

        @hookimpl
        def describe_settings(self):
            return Sized

    host = Plugins()
    host.register("told", Told())

    assert host.shapes == {"told": Sized}
    host.configure({"told": {"size": 2}})
    with pytest.raises(SettingsInvalid, match=r"\$\.size") as refused:
        host.configure({"told": {"size": "many"}})
    assert refused.value.metadata["field"] == "size"
    assert Told.given == [{"size": 2}]
    host.withdraw("told")
    assert host.shapes == {}


@pytest.mark.parametrize("described", [7, int])
def test_what_is_no_shape_of_settings_quarantines(described):
    class Odd:
        @hookimpl
        def describe_settings(self):
            return described

    host = Plugins()
    host.register("odd", Odd())

    assert "describe_settings" in host.states["odd"].error
    assert host.shapes == {}
