"""What `axisor plugin` does for authors, without a core: new, check, test, hooks."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from axisor.hookspecs import hooks
from axisor_cli.authoring.scaffold import RESERVED, Kind, Names, compatible

KINDS = [kind.value for kind in Kind]
LONGEST = "night-watch-over-weekend"


@pytest.fixture
def clean_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take back what a command adds to where modules are looked for, and the modules."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("axisor_made"):
            del sys.modules[name]


def made(axisor, folder: Path, kind: str, name: str = "") -> Path:
    """Make a plugin of a kind and return its folder."""
    place = folder / (name or f"made-{kind}")
    ran = axisor("plugin", "new", name or f"made-{kind}", "--kind", kind, "--to", str(place))
    assert ran.code == 0, ran.err
    return place


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x", LONGEST])
def test_a_new_plugin_is_formatted_and_linted(axisor, tmp_path, kind, name):
    place = made(axisor, tmp_path, kind, name)

    for words in (("check",), ("format", "--check")):
        ran = subprocess.run(
            [Path(sys.executable).parent / "ruff", *words, "--no-cache", "."],
            cwd=place,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout
    manifest = tomllib.loads((place / "pyproject.toml").read_text())
    assert manifest["project"]["entry-points"]["axisor"] == {name: Names(name).package}
    assert "$" not in "".join(each.read_text() for each in place.rglob("*.py"))


def test_new_plugins_are_typed(axisor, tmp_path):
    """All at once: what mypy takes longest for is the SDK that they stand on."""
    places = [made(axisor, tmp_path, kind) for kind in KINDS]
    files = [str(file) for place in places for file in sorted(place.rglob("*.py"))]

    words = ("--strict", "--cache-dir", str(tmp_path / "cache"))
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", *words, *files],
        cwd=tmp_path,
        check=False,
        env={"MYPYPATH": ":".join(str(place / "src") for place in places), "PATH": ""},
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.usefixtures("clean_path")
@pytest.mark.parametrize("kind", ["venue", "notifier"])
def test_a_new_plugin_holds_to_every_check(axisor, tmp_path, kind):
    place = made(axisor, tmp_path, kind)

    ran = axisor("plugin", "check", str(place), "-o", "json")

    assert [row for row in ran.json if row["result"] != "holds"] == []
    assert ran.code == 0


def test_a_new_plugins_own_tests_pass(axisor, tmp_path):
    ran = axisor("plugin", "test", str(made(axisor, tmp_path, "notifier")), "-q")

    assert ran.code == 0, ran.out
    assert "5 passed" in ran.out


def test_tests_that_fail_are_told(axisor, tmp_path):
    place = made(axisor, tmp_path, "notifier")
    (place / "tests" / "test_more.py").write_text("def test_this():\n    assert False\n")

    assert axisor("plugin", "test", str(place), "-q", "-k", "this").code == 1


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Night", "no name of a plugin"),
        ("night_watch", "no name of a plugin"),
        ("-x", "No such option"),
        ("n" * 25, "no name of a plugin"),
        ("../night", "no name of a plugin"),
        ("night--watch", "no name of a plugin"),
        ("margin-guard", "is taken"),
        *((name, "is taken") for name in sorted(RESERVED)),
    ],
)
def test_a_name_that_will_not_do_is_refused(axisor, tmp_path, monkeypatch, name, why):
    monkeypatch.chdir(tmp_path)

    ran = axisor("plugin", "new", name)

    assert ran.code == 2
    assert why in ran.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(axisor, tmp_path):
    place = made(axisor, tmp_path, "strategy")
    (place / "README.md").write_text("mine")

    ran = axisor("plugin", "new", "made-strategy", "--to", str(place))

    assert ran.code == 2
    assert "File exists" in ran.err
    assert (place / "README.md").read_text() == "mine"


@pytest.mark.parametrize(
    ("sdk", "range"), [("0.1.0", ">=0.1.0,<0.2"), ("1.4.2", ">=1.4.2,<2"), ("12.0", ">=12.0,<13")]
)
def test_a_plugin_goes_with_those_versions_that_break_nothing(sdk, range):
    assert compatible(sdk) == range


@pytest.mark.usefixtures("clean_path")
def test_what_does_not_hold_is_said(axisor, tmp_path):
    place = made(axisor, tmp_path, "notifier")
    manifest = place / "pyproject.toml"
    text = manifest.read_text().replace('requires-python = ">=3.11"\n', "")
    manifest.write_text(text.replace('dependencies = ["', 'dependencies = ["axisor-server", "'))
    shutil.rmtree(place / "tests")

    ran = axisor("plugin", "check", str(place))

    assert ran.code == 1
    failed = [line for line in ran.out.splitlines() if line.startswith("FAILED")]
    assert [line.removeprefix("FAILED").strip() for line in failed] == [
        "stands on the SDK alone",
        "says which Python it needs",
        "has tests",
    ]
    assert "3 failed" in ran.out


def test_a_plugin_that_cannot_be_imported_is_told(axisor, tmp_path):
    place = made(axisor, tmp_path, "strategy", "unfit")
    (place / "src" / "axisor_unfit" / "__init__.py").write_text("import no_such_module\n")

    ran = axisor("plugin", "check", str(place))

    assert ran.code == 1
    assert "No module named 'no_such_module'" in ran.out


def test_an_installed_plugin_is_checked_by_its_name(axisor):
    ran = axisor("plugin", "check", "logbook", "-o", "json")

    assert ran.code == 0
    assert {row["plugin"] for row in ran.json} == {"logbook"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("check", "margin-gard"), "Did you mean `margin-guard`?"),
        (("check", "logbook", "--settings", "["), "--settings is no JSON object"),
        (("test", "nowhere"), "has no pyproject.toml"),
        (("hooks", "reveiw"), "There are register_strategies"),
        (("run", "lnmarkets"), "offers no strategy"),
        (("run", "entries"), "Say which: --strategy NAME"),
        (("run", "entries", "--strategy", "other"), "offers no strategy `other`"),
        (("run", "dip-buyer", "--config", "{"), "not JSON"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_what_cannot_be_done_is_refused(axisor, words, why):
    ran = axisor("plugin", *words)

    assert ran.code == 2
    assert why in ran.err


def test_a_folder_that_is_not_installed_is_not_run(axisor, tmp_path):
    ran = axisor("plugin", "run", str(made(axisor, tmp_path, "strategy")))

    assert ran.code == 2
    assert "is not installed" in ran.err
    assert "-m pip install -e" in ran.err


@pytest.mark.parametrize("text", ["not = [toml", "[project]\nname = 'x'\n"])
def test_a_folder_without_a_plugin_is_refused(axisor, tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)

    assert axisor("plugin", "check", str(tmp_path)).code == 2


def test_hooks_are_shown_as_they_are_specified(axisor):
    every, one = (
        axisor("plugin", "hooks", "-o", "json").json,
        axisor("plugin", "hooks", "configure"),
    )

    assert [row["name"] for row in every] == list(hooks())
    assert one.out.startswith("configure(settings)\n    Take the plugin's own settings")


def test_a_plugin_of_the_core_is_shown(core):
    ran = core("plugin", "info", "margin-guard")
    data = core("plugin", "info", "logbook", "-o", "json").json
    absent = core("plugin", "info", "nobody")

    assert "runs     the core" in ran.out
    assert "register_strategies, review_intent" in ran.out
    assert "margin-guard  asks for" in ran.out
    assert "  trigger" in ran.out
    assert (data["state"], data["faults"], data["hooks"]) == ("enabled", 0, ["observe_event"])
    assert absent.code == 2
    assert "There are " in absent.err
