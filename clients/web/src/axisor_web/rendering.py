"""Pages from templates: everything escaped, nothing missing, in the language of their reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from axisor_web.assets import VENDORED, Assets
from axisor_web.languages import Languages
from axisor_web.messages import in_script
from axisor_web.sessions import Session

HERE = Path(__file__).parent / "templates"
HTML = "text/html; charset=utf-8"


def environment(assets: Assets, loader: BaseLoader | None = None) -> Environment:
    """Return what reads templates: `asset('app.css')` is where a file is served."""
    made = Environment(
        loader=loader or FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = assets.url
    return made


class Rendering:
    """Makes the answers that are pages.

    Each template has, beside its own values: `t(text, **values)`, `language`, `csrf`, which is the
    word that changes need and empty where nobody is signed in, and `texts`, what scripts say.
    """

    def __init__(
        self,
        assets: Assets,
        languages: Languages,
        session: Callable[[Request], Session | None],
        *,
        templates: Environment | None = None,
    ) -> None:
        self._templates = templates or environment(assets)
        self._languages = languages
        self._session = session
        self._scripted = frozenset[str]().union(
            *(
                in_script(assets.text(name))
                for name in assets.names
                if name.endswith((".js", ".mjs")) and not name.startswith(VENDORED)
            )
        )

    def render(
        self, request: Request, name: str, /, *, status: int = 200, **values: object
    ) -> Response:
        """Return a page that nobody keeps. Raises jinja2's errors where it lacks a value."""
        language = self._languages.of(request)
        session = self._session(request)
        page = self._templates.get_template(name).render(
            t=language.text,
            language=language,
            texts=language.chosen(self._scripted),
            csrf="" if session is None else session.csrf,
            **values,
        )
        headers = {
            "cache-control": "no-store",
            "content-language": language.tag,
            "vary": "accept-language, cookie",
        }
        return Response(page, status, headers, HTML)
