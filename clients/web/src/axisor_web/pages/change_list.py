"""All changes that pages make, by name."""

from __future__ import annotations

from axisor_web.pages.changes_notices import NOTICES
from axisor_web.pages.changes_person import PERSON
from axisor_web.pages.changes_plugins import PLUGINS

CHANGES = {change.name: change for change in (*NOTICES, *PLUGINS, *PERSON)}
