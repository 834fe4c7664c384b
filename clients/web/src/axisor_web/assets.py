"""The files of pages, read once and served under names that change with their content.

A name that a browser knows never means another content, so that it is asked for once and kept. What
a file of ours names beside it (`import "./other.js"`, `url("./picture.svg")`) is named so as well.
Nothing is looked up on the disk while a request is served, so no path leads out of the folder.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from functools import cached_property
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HERE = Path(__file__).parent / "static"
VENDORED = "vendor/"
PLACE = "/static/"
FOREVER = "public, max-age=31536000, immutable"
LEAST_WORTH = 512
"""Bytes from which a file is worth compressing."""

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
PRESSED = frozenset({".ico", ".png", ".woff2"})
NAMING = frozenset({".css", ".js", ".mjs"})
_NAMED = re.compile(r"""(\b(?:from|import|url)\s*\(?\s*)(["'])(\.{1,2}/[^"']+)\2""")


class Asset:
    """One file as it is served."""

    def __init__(self, name: str, body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()[:16]
        stem, suffix = posixpath.splitext(name)
        assert suffix in KINDS, f"{name} has a kind that KINDS does not name"
        self.name = name
        self.body = body
        self.kind = KINDS[suffix]
        self.path = f"{stem}.{digest}{suffix}"
        self.etag = f'"{digest}"'

    @cached_property
    def pressed(self) -> bytes | None:
        """Return the body by gzip, made when it is first asked for; None where it is not less."""
        if posixpath.splitext(self.name)[1] in PRESSED or len(self.body) < LEAST_WORTH:
            return None
        pressed = gzip.compress(self.body, mtime=0)
        return pressed if len(pressed) < len(self.body) else None


class Assets:
    """The files below a folder."""

    def __init__(self, root: Path = HERE) -> None:
        """Read the files. One whose name begins with a dot is left out."""
        self._read = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
        self._made: dict[str, Asset] = {}
        for name in self._read:
            self._make(name, ())
        self._served = {asset.path: asset for asset in self._made.values()}

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the files, as they are in the folder."""
        return tuple(self._read)

    def url(self, name: str) -> str:
        """Return where a file is served: `app.css` is `/static/app.0123456789abcdef.css`."""
        assert name in self._made, f"a page names {name}, which is not in static/"
        return PLACE + self._made[name].path

    def text(self, name: str) -> str:
        """Return a file as it is in the folder."""
        return self._read[name].decode()

    def route(self) -> Route:
        """Return the route of all files."""
        return Route(PLACE + "{path:path}", self._shown, methods=["GET"])

    async def _shown(self, request: Request) -> Response:
        asset = self._served.get(request.path_params["path"])
        if asset is None:
            raise HTTPException(404, "No file has this name.")
        headers = {"cache-control": FOREVER, "etag": asset.etag, "vary": "accept-encoding"}
        if asset.etag in _listed(request, "if-none-match"):
            return Response(status_code=304, headers=headers)
        body = asset.body
        if "gzip" in _listed(request, "accept-encoding") and asset.pressed is not None:
            body = asset.pressed
            headers["content-encoding"] = "gzip"
        return Response(body, 200, headers | {"content-type": asset.kind})

    def _make(self, name: str, within: tuple[str, ...]) -> Asset:
        """Make a file after those that it names, whose names it then has."""
        assert name not in within, f"files name one another: {' → '.join((*within, name))}"
        if name not in self._made:
            assert name in self._read, f"{within[-1:]} names {name}, which is not in static/"
            body = self._read[name]
            ours = not name.startswith(VENDORED)
            if ours and posixpath.splitext(name)[1] in NAMING:
                body = self._renamed(name, body, (*within, name))
            self._made[name] = Asset(name, body)
        return self._made[name]

    def _renamed(self, name: str, body: bytes, within: tuple[str, ...]) -> bytes:
        def renamed(found: re.Match[str]) -> str:
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[3]))
            url = PLACE + self._make(beside, within).path
            return f"{found[1]}{found[2]}{url}{found[2]}"

        return _NAMED.sub(renamed, body.decode()).encode()


def _listed(request: Request, header: str) -> frozenset[str]:
    """Return the members of a list in a header, without those that weigh nothing."""
    found = (each.strip() for each in request.headers.get(header, "").split(","))
    parts = (each.partition(";") for each in found)
    return frozenset(
        name.strip().removeprefix("W/") for name, _, weight in parts if not _nothing(weight)
    )


def _nothing(weight: str) -> bool:
    return re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight) is not None
