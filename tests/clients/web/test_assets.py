"""Files of pages: names that change with their content, kept for ever, and no way out."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from axisor_web.assets import HERE, Assets

VENDOR = HERE / "vendor"
TOLD = json.loads((VENDOR / "VENDOR.json").read_text())
LONG = "// " + "said again and again, " * 50
ROOT = Path(__file__).parents[3]


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def client(assets: Assets) -> httpx.AsyncClient:
    app = Starlette(routes=[assets.route()])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bridge")


def test_another_content_is_another_name(tmp_path: Path):
    first = Assets(folder(tmp_path, app_css="a {}")).url("app.css")
    second = Assets(folder(tmp_path, app_css="b {}")).url("app.css")

    assert re.fullmatch(r"/static/app\.[0-9a-f]{16}\.css", first)
    assert first != second


async def test_a_file_is_kept_for_ever_and_not_sent_to_who_has_it(tmp_path: Path):
    assets = Assets(folder(tmp_path, app_js="go()"))
    async with client(assets) as browser:
        first = await browser.get(assets.url("app.js"))
        again = await browser.get(
            assets.url("app.js"), headers={"if-none-match": f'"x", W/{first.headers["etag"]}'}
        )

    assert (first.status_code, first.text) == (200, "go()")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "pressed"),
    [("gzip", True), ("br;q=1, gzip;q=0.5", True), ("gzip;q=0", False), ("", False), ("br", False)],
)
async def test_a_file_is_pressed_for_who_takes_it(tmp_path: Path, accepted: str, pressed: bool):
    assets = Assets(folder(tmp_path, app_js=LONG))
    async with client(assets) as browser:
        request = browser.build_request(
            "GET", assets.url("app.js"), headers={"accept-encoding": accepted}
        )
        answer = await browser.send(request, stream=True)
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert ("content-encoding" in answer.headers) is pressed
    assert (gzip.decompress(raw) if pressed else raw).decode() == LONG
    assert "accept-encoding" in answer.headers["vary"]
    assert int(answer.headers["content-length"]) == len(raw)


async def test_what_gains_nothing_is_not_pressed(tmp_path: Path):
    (tmp_path / "icon.png").write_bytes(b"\x89PNG" + bytes(2_000))
    assets = Assets(folder(tmp_path, app_js="go()"))
    async with client(assets) as browser:
        answers = [await browser.get(assets.url(name)) for name in assets.names]

    assert ["content-encoding" in answer.headers for answer in answers] == [False, False]


@pytest.mark.parametrize(
    "path",
    [
        "app.css",
        "app.0000000000000000.css",
        "../assets.py",
        "..%2fassets.py",
        "%2e%2e/%2e%2e/pyproject.toml",
        "vendor/../../sessions.py",
        "/etc/passwd",
        "",
    ],
)
async def test_nothing_but_the_names_it_gave_is_found(path: str, tmp_path: Path):
    assets = Assets(folder(tmp_path, app_css="a {}"))
    async with client(assets) as browser:
        answer = await browser.get(f"/static/{path}")

    assert answer.status_code == 404


async def test_files_name_one_another_as_they_are_served(tmp_path: Path):
    script = 'import { t } from "./text.js"; import("../app.js"); const a = "./text.js";'
    assets = Assets(
        folder(
            tmp_path,
            in__live_js=script,
            in__text_js="export const t = 1;",
            app_js="",
            app_css="body { background: url('./sky.svg') } /* url(data:x) */",
            sky_svg="<svg/>",
        )
    )
    async with client(assets) as browser:
        live = (await browser.get(assets.url("in/live.js"))).text
        style = (await browser.get(assets.url("app.css"))).text

    text = assets.url("in/text.js")
    assert (
        live
        == f'import {{ t }} from "{text}"; import("{assets.url("app.js")}"); const a = "./text.js";'
    )
    assert f"url('{assets.url('sky.svg')}')" in style


def test_a_file_changes_its_name_with_what_it_names(tmp_path: Path):
    first = Assets(folder(tmp_path, a_js='import "./b.js"', b_js="1"))
    second = Assets(folder(tmp_path, b_js="2"))

    assert first.url("a.js") != second.url("a.js")


@pytest.mark.parametrize(
    "files",
    [
        {"a_js": 'import "./a.js"'},
        {"a_js": 'import "./b.js"', "b_js": 'import "./a.js"'},
        {"a_js": 'import "./nothing.js"'},
        {"a_exe": ""},
    ],
    ids=["itself", "in a circle", "what is not there", "of no kind"],
)
def test_a_file_that_cannot_be_served_stops_the_start(tmp_path: Path, files: dict[str, str]):
    with pytest.raises(AssertionError):
        Assets(folder(tmp_path, **files))


def test_a_page_names_only_what_is_there(tmp_path: Path):
    with pytest.raises(AssertionError, match=r"app\.css"):
        Assets(tmp_path).url("app.css")


def test_what_others_made_is_what_was_told_of_it():
    files = {path.name for path in VENDOR.iterdir()}
    licences = {each["licence_text"] for each in TOLD}

    assert files == {"VENDOR.json"} | {each["file"] for each in TOLD} | licences
    for each in TOLD:
        assert hashlib.sha256((VENDOR / each["file"]).read_bytes()).hexdigest() == each["sha256"]
        assert len((VENDOR / each["licence_text"]).read_text()) > 500


def test_what_others_made_is_of_the_versions_that_are_pinned():
    home = ROOT / "clients" / "web" / "vendor"
    wanted = json.loads((home / "package.json").read_text())["dependencies"]
    locked = json.loads((home / "package-lock.json").read_text())["packages"]

    assert {each["name"]: each["version"] for each in TOLD} == wanted
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_the_wheel_has_the_files_that_pages_need(tmp_path: Path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT / "clients" / "web", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        packed = set(opened.namelist())

    inside = HERE.parent
    wanted = {
        f"axisor_web/{path.relative_to(inside).as_posix()}"
        for kind in ("static", "locale", "templates")
        for path in (inside / kind).rglob("*")
        if path.is_file()
    }
    assert wanted
    assert wanted <= packed
    assert not [name for name in packed if "node_modules" in name]
