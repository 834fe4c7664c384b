"""Forms of settings on pages: what a schema asks for, what was typed, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from axisor.errors import AxisorError
from axisor.forms import Changed, Field, Problem, blamed, changes, fields, filled, read, shown
from axisor_web.languages import marked

WHOLE = "settings"
"""The one field of settings that nobody describes: a text of JSON."""

MINE = "config."
"""What stands before the names of settings in a form, so that none is taken for one of ours."""

UNITS = {
    "sats": marked("sats"),
    "percent": marked("percent"),
    "dollars": marked("dollars"),
    "minutes": marked("minutes"),
    "seconds": marked("seconds"),
}
PROBLEMS = (
    marked("must not be empty"),
    marked("must be a whole number"),
    marked("must be at least {value}"),
    marked("must be at most {value}"),
    marked("is one of {value}"),
    marked("is no JSON: {value}"),
)
"""What `axisor.forms` says is wrong with a field."""


class Sheet(Struct, frozen=True, kw_only=True):
    """A form as it is shown: its fields, what stands in each, and what is wrong, by field.

    `said` is what the core said of a field, in its own words; under the empty name it is of all.
    """

    form: tuple[Field, ...]
    texts: Mapping[str, str]
    wrong: Mapping[str, Problem] = {}
    said: Mapping[str, str] = {}

    @property
    def problems(self) -> int:
        """Return how many fields something is wrong with."""
        return len({*self.wrong, *self.said} - {""})

    def entries(self, field: Field) -> tuple[int, ...]:
        """Return the numbers of a field's entries, with one more to be filled in."""
        start = f"{field.name}."
        found = {name[len(start) :].partition(".")[0] for name in self.texts if start in name}
        taken = sorted(int(each) for each in found if each.isascii() and each.isdigit())
        return (*taken, taken[-1] + 1 if taken else 0)


def asked_by(schema: str) -> tuple[Field, ...]:
    """Return the fields of settings: those of a schema, or one for all of them without any."""
    return fields(schema) or (Field(name=WHOLE, kind="json", required=True),)


def blank(schema: str, config: str) -> Sheet:
    """Return a form that shows a configuration in JSON."""
    form = asked_by(schema)
    if fields(schema):
        return Sheet(form=form, texts=filled(form, config))
    return Sheet(form=form, texts={WHOLE: json.dumps(json.loads(config or "{}"), indent=2)})


def settings_in(given: Mapping[str, str]) -> dict[str, str]:
    """Return what a form says of settings, without what stands before their names in it."""
    return {name.removeprefix(MINE): text for name, text in given.items() if name.startswith(MINE)}


def sent(schema: str, given: Mapping[str, str]) -> tuple[str, Sheet]:
    """Return the configuration that a form says as JSON, and the form with what is wrong in it."""
    form = asked_by(schema)
    texts = {name: text for name, text in given.items() if _of(form, name)}
    config, wrong = read(form, texts)
    if not fields(schema) and not wrong:
        config = json.dumps(json.loads(config)[WHOLE])
    return config, Sheet(form=form, texts=texts, wrong=wrong)


def sparse(schema: str, config: str) -> str:
    """Return a configuration without what is as it is by default, as a person would write it."""
    by_name = {field.name: field for field in fields(schema) if field.defaulted}
    return json.dumps(
        {
            name: value
            for name, value in json.loads(config).items()
            if name not in by_name or shown(value) != by_name[name].default
        }
    )


def refused(sheet: Sheet, error: AxisorError) -> Sheet:
    """Return a form with what the core said of it, at the field that it said it of."""
    place = blamed(sheet.form, error.message, error.metadata.get("field", ""))
    return Sheet(form=sheet.form, texts=sheet.texts, said={place: error.message})


def changed(schema: str, before: str, after: str) -> tuple[Changed, ...]:
    """Return what differs between two configurations, field by field."""
    if fields(schema):
        return changes(fields(schema), before, after)
    (whole,) = asked_by(schema)
    old, new = (json.dumps(json.loads(each or "{}"), indent=2) for each in (before, after))
    return () if old == new else (Changed(whole, old, new),)


def _of(form: tuple[Field, ...], name: str) -> bool:
    return any(name == field.name or name.startswith(f"{field.name}.") for field in form)
