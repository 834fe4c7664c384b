"""What differs between two configurations, and which field an error is about."""

from __future__ import annotations

import re

from msgspec import Struct

from axisor.forms.reading import filled
from axisor.forms.schemas import Field

_PLACE = re.compile(r" - at `\$\.?([^`]*)`")


class Changed(Struct, frozen=True):
    """A field that two configurations hold differently, as a form shows it."""

    field: Field
    before: str
    after: str


def changes(form: tuple[Field, ...], before: str, after: str) -> tuple[Changed, ...]:
    """Return the fields that differ between two configurations, in the order of the form."""
    old, new = filled(form, before), filled(form, after)
    return tuple(
        Changed(field, old[field.name], new[field.name])
        for field in form
        if old[field.name] != new[field.name]
    )


def place_of(error: object) -> dict[str, str]:
    """Return what msgspec's error says of the place, as metadata: `field`, such as `rules.0.at`."""
    found = _PLACE.search(str(error))
    if found is None or not found[1]:
        return {}
    return {"field": re.sub(r"\[([0-9]+)\]", r".\1", found[1])}


def blamed(form: tuple[Field, ...], error: str, field: str = "") -> str:
    """Return the field of a form that an error of the core is about, empty where none is.

    `field` is what the error itself names; else it is the first that its sentence speaks of.
    """
    known = {each.name for each in form}
    if field.partition(".")[0] in known:
        return field
    spoken = [
        (found.start(), -len(word), each.name)
        for each in form
        for word in (each.name, each.label)
        if (found := re.search(rf"\b{re.escape(word)}\b", error)) is not None
    ]
    return min(spoken)[2] if spoken else ""
