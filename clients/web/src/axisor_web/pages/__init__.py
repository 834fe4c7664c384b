"""Pages for people: what the core says, laid out on the bridge, and nothing reckoned here."""

from axisor_web.pages.routes import pages

__all__ = ["pages"]
