"""Every text that pages say has its line in every catalogue, and no line is left over."""

from __future__ import annotations

from pathlib import Path

import pytest

import axisor_web
from axisor_web.languages import HERE, catalogue
from axisor_web.messages import filled, in_python, in_script, in_template, placeholders

HOME = Path(axisor_web.__file__).parent
WAYS = {".html": in_template, ".js": in_script, ".mjs": in_script, ".py": in_python}
CATALOGUES = sorted(HERE.glob("*.po"))


def said() -> frozenset[str]:
    """Return what templates, scripts and modules say."""
    return frozenset[str]().union(
        *(
            WAYS[path.suffix](path.read_text())
            for path in HOME.rglob("*")
            if path.suffix in WAYS and "vendor" not in path.parts
        )
    )


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_says_what_pages_say(path: Path):
    known = catalogue(path).keys()

    assert sorted(said() - known) == [], "these lack"
    assert sorted(known - said()) == [], "these are left over"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_has_places_for_the_same_values(path: Path):
    found = catalogue(path)

    assert [each for each, text in found.items() if placeholders(each) != placeholders(text)] == []


def test_texts_are_found_in_templates():
    source = """
    {{ t('{sats} sat left', sats=1) }} <a title="{{ language.text("why?") }}">{{ t(word) }}</a>
    {% if t("shown " "together") %}{{ other('not this') }}{% endif %}
    """

    assert in_template(source) == {"{sats} sat left", "why?", "shown together"}


def test_texts_are_found_in_scripts():
    source = r"""
    import { t } from "./text.js"; t("it's {age} old", { age }); t('said "so"'); t(`plain`);
    marked("later"); at("not this"); t(word); t("a\u2026b");
    """

    assert in_script(source) == {"it's {age} old", 'said "so"', "plain", "later", "a…b"}


def test_texts_are_found_in_python():
    source = "language.text('why?'); t('x'); marked('later'); text(word); other('not this')"

    assert in_python(source) == {"why?", "x", "later"}


def test_a_place_is_filled_by_its_value_alone():
    assert placeholders("{a} of {b_2} {not this} {B}") == {"a", "b_2"}
    assert filled("{a} {not this}", {"a": "1"}) == "1 {not this}"
    with pytest.raises(KeyError):
        filled("{a}", {})
