"""Pages from templates: escaped, complete, in their reader's language, and kept by nobody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import DictLoader, UndefinedError
from starlette.requests import Request

import axisor_web
from axisor.ports import Secret
from axisor_web.assets import Assets
from axisor_web.languages import Languages
from axisor_web.rendering import Rendering, environment
from axisor_web.sessions import Session, Tokens

FORM = re.compile(r"<form[^>]*>")
SESSION = Session(tokens=Tokens(Secret("hidden")), csrf="the-word", begun=0, used=0)
TEMPLATES = {
    "page.html": "<html lang={{ language.tag }}>{{ name }} {{ t('{n} left', n=1000) }}</html>",
    "word.html": "[{{ csrf }}]",
    "file.html": "{{ asset('app.js') }}",
    "data.html": '<script type="application/json" id="texts">{{ texts|tojson }}</script>',
}
PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "{n} left"
msgstr "restam {n}"

msgid "stale"
msgstr "</script><b>velho"
"""


@pytest.fixture
def rendering(tmp_path: Path) -> Rendering:
    for folder in ("static", "locale"):
        (tmp_path / folder).mkdir()
    (tmp_path / "static" / "app.js").write_text('t("stale"); t("{n} more", { n });')
    (tmp_path / "locale" / "pt_BR.po").write_text(PO)
    assets = Assets(tmp_path / "static")

    def session(request: Request) -> Session | None:
        return SESSION if request.cookies.get("known") else None

    return Rendering(
        assets,
        Languages(tmp_path / "locale"),
        session,
        templates=environment(assets, DictLoader(TEMPLATES)),
    )


def request(language: str = "en", cookie: str = "") -> Request:
    headers = [(b"accept-language", language.encode()), (b"cookie", cookie.encode())]
    return Request({"type": "http", "headers": headers})


def text(body: bytes | memoryview) -> str:
    return bytes(body).decode()


def test_what_is_shown_is_escaped(rendering: Rendering):
    answer = rendering.render(request(), "page.html", name="<script>alert(1)</script>")

    assert "&lt;script&gt;" in text(answer.body)
    assert "<script>" not in text(answer.body)


def test_a_page_is_in_its_reader_s_language_and_nobody_keeps_it(rendering: Rendering):
    answer = rendering.render(request("pt"), "page.html", name="a", status=404)

    assert text(answer.body) == "<html lang=pt-BR>a restam 1.000</html>"
    assert answer.status_code == 404
    assert answer.headers["content-language"] == "pt-BR"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "accept-language, cookie"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_what_lacks_is_an_error_and_no_gap(rendering: Rendering):
    with pytest.raises(UndefinedError, match="name"):
        rendering.render(request(), "page.html")


def test_a_page_has_the_word_of_its_session_and_no_token(rendering: Rendering):
    assert text(rendering.render(request(cookie="known=1"), "word.html").body) == "[the-word]"
    assert text(rendering.render(request(), "word.html").body) == "[]"


def test_a_page_names_files_as_they_are_served(rendering: Rendering):
    assert text(rendering.render(request(), "file.html").body).startswith("/static/app.")


def test_scripts_are_told_their_texts_as_data_that_cannot_end_its_block(rendering: Rendering):
    shown = text(rendering.render(request("pt"), "data.html").body)

    assert shown.count("</script>") == 1
    assert "\\u003c/script\\u003e\\u003cb\\u003evelho" in shown


def test_every_form_of_a_page_says_how_it_is_sent_without_scripts():
    folder = Path(axisor_web.__file__).parent / "templates"
    forms = {
        f"{path.relative_to(folder)}: {form}"
        for path in folder.rglob("*.html")
        for form in FORM.findall(path.read_text())
        if path.parent.name != "dialog"  # which scripts put into a page
    }

    assert len(forms) > 10
    assert [each for each in sorted(forms) if 'method="' not in each] == []
