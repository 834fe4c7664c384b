"""The bridge is closed unless somebody says otherwise, and knows by which names it is reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from axisor.errors import SettingsInvalid
from axisor_web.doors import Doors
from axisor_web.settings import Settings

PAIR: dict[str, Any] = {"certificate": Path("cert.pem"), "key": Path("key.pem")}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "axisor.example"])
def test_beyond_this_machine_it_speaks_tls_or_nothing(host: str):
    with pytest.raises(SettingsInvalid, match="TLS"):
        Settings(host=host)

    assert Settings(host=host, **PAIR).secure
    assert Settings(host=host, proxied=True).secure


@pytest.mark.parametrize("given", [{"certificate": Path("c")}, {"key": Path("k")}])
def test_a_certificate_and_its_key_come_together(given: dict[str, Any]):
    with pytest.raises(SettingsInvalid):
        Settings(**given)


@pytest.mark.parametrize(
    "given",
    [{"names": ("a b",)}, {"names": ("https://a",)}, {"origins": ("*",)}, {"origins": ("a",)}],
)
def test_what_is_no_name_and_no_origin_is_refused(given: dict[str, Any]):
    with pytest.raises(SettingsInvalid):
        Settings(**given)


def test_on_this_machine_it_is_known_by_both_names():
    assert Settings().own(8421) == ("http://127.0.0.1:8421", "http://localhost:8421")


def test_behind_a_proxy_it_is_known_by_the_proxy_s_name():
    settings = Settings(proxied=True, names=("axisor.example", "lan.example:8443"))

    assert settings.own(8421)[-2:] == ("https://axisor.example", "https://lan.example:8443")


def test_the_usual_port_is_not_said():
    assert Settings(host="::1", **PAIR).own(443)[0] == "https://[::1]"


def test_a_name_is_known_with_its_port_only():
    doors = Doors(Settings(names=("axisor.lan",)).own(8421))

    assert doors.known("AXISOR.lan:8421")
    assert not doors.known("axisor.lan")
    assert not doors.known("axisor.lan:80")
