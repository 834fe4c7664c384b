"""What tests in a real browser stand on."""

from __future__ import annotations

from tests.server.rpc.serving import certificate
from tests.support.browser import browser, page, profile, signed_in_page, site, watched

__all__ = ["browser", "certificate", "page", "profile", "signed_in_page", "site", "watched"]
