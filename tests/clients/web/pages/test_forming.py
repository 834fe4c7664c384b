"""Forms of settings: what they show, what they say, and where what is wrong stands."""

from __future__ import annotations

import json

import msgspec

from axisor.errors import ConfigInvalid
from axisor_limits import LimitsConfig
from axisor_margin_guard.config import GuardConfig
from axisor_web.pages import forming

GUARD = msgspec.json.encode(msgspec.json.schema(GuardConfig)).decode()
LIMITS = msgspec.json.encode(msgspec.json.schema(LimitsConfig)).decode()


def test_a_form_shows_a_configuration_and_one_entry_more_than_there_are():
    sheet = forming.blank(GUARD, '{"trigger": "3", "overrides": [{"match": "*"}]}')
    (overrides,) = (field for field in sheet.form if field.parts)

    assert (sheet.texts["trigger"], sheet.texts["target"]) == ("3", "5")
    assert sheet.entries(overrides) == (0, 1)
    assert sheet.problems == 0


def test_what_is_sent_is_read_by_the_names_that_settings_have_in_a_form():
    given = {"config.max_leverage": "7", "max_positions": "2", "of": "a"}

    config, sheet = forming.sent(LIMITS, forming.settings_in(given))

    assert json.loads(config)["max_leverage"] == 7
    assert "max_positions" not in sheet.texts


def test_what_is_wrong_stands_at_its_field():
    _, sheet = forming.sent(LIMITS, {"max_leverage": "lots", "max_positions": "0"})

    assert {name: str(each) for name, each in sheet.wrong.items()} == {
        "max_leverage": "must be a whole number",
        "max_positions": "must be at least 1",
    }
    assert sheet.problems == 2


def test_what_the_core_says_stands_at_the_field_that_it_means_or_above_all():
    _, sheet = forming.sent(GUARD, {"trigger": "300"})

    at_it = forming.refused(sheet, ConfigInvalid("The rule has a trigger outside 0 to 100."))
    above = forming.refused(sheet, ConfigInvalid("No."))

    assert at_it.said == {"trigger": "The rule has a trigger outside 0 to 100."}
    assert (above.said, above.problems) == ({"": "No."}, 0)


def test_settings_that_nobody_describes_are_one_text_of_json():
    sheet = forming.blank("", '{"naps": 1}')
    config, again = forming.sent("", {"settings": '{"naps": 2}'})

    assert json.loads(sheet.texts["settings"]) == {"naps": 1}
    assert json.loads(config) == {"naps": 2}
    assert again.problems == 0
    assert [each.field.name for each in forming.changed("", '{"naps": 1}', config)] == ["settings"]
    assert forming.changed("", '{"naps": 2}', config) == ()
    assert "no JSON" in str(forming.sent("", {"settings": "["})[1].wrong["settings"])


def test_what_is_as_usual_need_not_be_written():
    config, _ = forming.sent(LIMITS, {"max_leverage": "7", "max_positions": ""})

    assert json.loads(config)["max_positions"] is None
    assert json.loads(forming.sparse(LIMITS, config)) == {"max_leverage": 7}
