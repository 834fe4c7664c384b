"""What every answer tells a browser to keep to: what may run, load, frame and be told to others."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

LOGO = (
    "a#tv-attr-logo{--fill:#131722;--stroke:#fff;position:absolute;left:10px;bottom:10px;"
    "height:19px;width:35px;margin:0;padding:0;border:0;z-index:3;}"
    "a#tv-attr-logo[data-dark]{--fill:#D1D4DC;--stroke:#131722;}"
)
"""The style that lightweight-charts gives its logo, which its licence asks for, by an element."""

FROM_HERE = ("script", "style", "img", "font", "connect", "manifest")


def content_policy(*, styles: Iterable[str] = ()) -> str:
    """Return a Content-Security-Policy: everything from this origin, and nothing inline.

    `styles` are texts of style elements that are let in, each by its digest and no other.
    """
    allowed = {kind: ["'self'"] for kind in FROM_HERE}
    for style in styles:
        digest = hashlib.sha256(style.encode()).digest()
        allowed["style"].append(f"'sha256-{base64.b64encode(digest).decode()}'")
    allowed["img"].append("data:")
    rules = ["default-src 'none'"]
    rules += [f"{kind}-src {' '.join(sources)}" for kind, sources in allowed.items()]
    rules += ["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    return "; ".join(rules)


POLICY = content_policy(styles=(LOGO,))
HEADERS: tuple[tuple[str, str], ...] = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
LASTING = ("strict-transport-security", "max-age=31536000")
"""Sent over TLS only."""
