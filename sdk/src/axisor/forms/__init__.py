"""Forms made of the JSON Schema of a configuration, and configurations made of forms.

What a form looks like is its client's; which fields it has, what they hold and what is wrong with
them is the same in each.
"""

from __future__ import annotations

from axisor.forms.comparing import Changed, blamed, changes, place_of
from axisor.forms.reading import Problem, filled, read
from axisor.forms.schemas import Field, fields, shown

__all__ = [
    "Changed",
    "Field",
    "Problem",
    "blamed",
    "changes",
    "fields",
    "filled",
    "place_of",
    "read",
    "shown",
]
