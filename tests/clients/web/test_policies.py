"""The policies that browsers are told: nothing from elsewhere, nothing inline but one style."""

from __future__ import annotations

import base64
import hashlib

from axisor_web.assets import HERE
from axisor_web.policies import HEADERS, LOGO, POLICY, content_policy


def test_nothing_comes_from_elsewhere():
    digest = base64.b64encode(hashlib.sha256(LOGO.encode()).digest()).decode()
    rules = {rule.split()[0]: rule.split()[1:] for rule in POLICY.split("; ")}

    assert rules.pop("default-src") == ["'none'"]
    assert rules.pop("frame-ancestors") == rules.pop("base-uri") == ["'none'"]
    assert rules.pop("img-src") == ["'self'", "data:"]
    assert rules.pop("style-src") == ["'self'", f"'sha256-{digest}'"]
    assert set(map(tuple, rules.values())) == {("'self'",)}
    assert {"script-src", "connect-src", "form-action"} <= rules.keys()


def test_nothing_is_let_in_as_unsafe():
    assert "unsafe" not in POLICY
    assert "*" not in POLICY
    assert "sha256" not in content_policy()


def test_the_style_that_is_let_in_is_that_of_the_charts():
    charts = (HERE / "vendor" / "lightweight-charts.mjs").read_text()

    assert charts.count(f'.innerText="{LOGO}"') == 1
    assert charts.count('createElement("style")') == 1


def test_every_policy_is_told_once():
    names = [name for name, _ in HEADERS]

    assert len(names) == len(set(names))
