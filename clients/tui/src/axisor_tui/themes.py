"""The console's themes: what colour each tone has, and what Textual needs beside it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from textual.theme import Theme

from axisor_tui.model.cells import Tone

USUAL = "axisor-dark"


class Palette(Struct, frozen=True):
    """A theme: its name, what it is for, Textual's part of it, and a style for each tone."""

    name: str
    purpose: str
    theme: Theme
    styles: Mapping[Tone, str]


def _styles(**styles: str) -> dict[Tone, str]:
    found = {Tone(name): style for name, style in styles.items()}
    return {tone: found.get(tone, "") for tone in Tone}


DARK = Palette(
    USUAL,
    "dark background",
    Theme(
        name=USUAL,
        primary="#f7931a",
        secondary="#4aa8c8",
        accent="#f7931a",
        warning="#e8b339",
        error="#ff5f5f",
        success="#4fbf9f",
        foreground="#d7dae0",
        background="#101317",
        surface="#181c22",
        panel="#222830",
        dark=True,
        variables={"axisor-sim": "#6b7480", "axisor-paper": "#4a90d9"}
        | {"axisor-shadow": "#b07cd8", "axisor-live": "#ff5f5f"},
    ),
    _styles(
        muted="#8a929e",
        strong="bold",
        gain="#4fbf9f",
        loss="#ff7b72",
        ok="#4fbf9f",
        warn="bold #e8b339",
        act="bold #f7931a",
        crit="bold #ff5f5f",
        sim="bold #101317 on #8a929e",
        paper="bold #101317 on #4a90d9",
        shadow="bold #101317 on #b07cd8",
        live="bold #ffffff on #c4282d",
    ),
)

LIGHT = Palette(
    "axisor-light",
    "light background",
    Theme(
        name="axisor-light",
        primary="#b35c00",
        secondary="#0b6e8a",
        accent="#b35c00",
        warning="#8a5a00",
        error="#b3261e",
        success="#0b6b52",
        foreground="#1d2127",
        background="#fbfaf7",
        surface="#f1efe9",
        panel="#e6e3da",
        dark=False,
        variables={"axisor-sim": "#7a7f87", "axisor-paper": "#1f5fa8"}
        | {"axisor-shadow": "#7a3fa3", "axisor-live": "#b3261e"},
    ),
    _styles(
        muted="#5d646e",
        strong="bold",
        gain="#0b6b52",
        loss="#b3261e",
        ok="#0b6b52",
        warn="bold #8a5a00",
        act="bold #b35c00",
        crit="bold #b3261e",
        sim="bold #ffffff on #5d646e",
        paper="bold #ffffff on #1f5fa8",
        shadow="bold #ffffff on #7a3fa3",
        live="bold #ffffff on #b3261e",
    ),
)

DEUTAN = Palette(
    "deutan",
    "blue and orange, for eyes that do not tell red from green",
    Theme(
        name="deutan",
        primary="#56b4e9",
        secondary="#0072b2",
        accent="#e69f00",
        warning="#f0e442",
        error="#e69f00",
        success="#56b4e9",
        foreground="#dfe3e8",
        background="#0f1216",
        surface="#171b21",
        panel="#20262e",
        dark=True,
        variables={"axisor-sim": "#7b8490", "axisor-paper": "#56b4e9"}
        | {"axisor-shadow": "#cc79a7", "axisor-live": "#e69f00"},
    ),
    _styles(
        muted="#929aa6",
        strong="bold",
        gain="#56b4e9",
        loss="#e69f00",
        ok="#56b4e9",
        warn="bold #f0e442",
        act="bold #cc79a7",
        crit="bold underline #e69f00",
        sim="bold #0f1216 on #929aa6",
        paper="bold #0f1216 on #56b4e9",
        shadow="bold #0f1216 on #cc79a7",
        live="bold #0f1216 on #e69f00",
    ),
)

MONO = Palette(
    "mono",
    "no colours at all, as NO_COLOR asks",
    Theme(
        name="mono",
        primary="#ffffff",
        secondary="#c8c8c8",
        accent="#ffffff",
        warning="#ffffff",
        error="#ffffff",
        success="#ffffff",
        foreground="#dcdcdc",
        background="#000000",
        surface="#101010",
        panel="#1c1c1c",
        dark=True,
        variables={"axisor-sim": "#8c8c8c", "axisor-paper": "#c8c8c8"}
        | {"axisor-shadow": "#dcdcdc", "axisor-live": "#ffffff"},
    ),
    _styles(
        muted="dim",
        strong="bold",
        warn="bold",
        act="bold",
        crit="bold underline",
        sim="reverse",
        paper="reverse",
        shadow="bold reverse",
        live="bold reverse",
    ),
)

THEMES: Mapping[str, Palette] = {each.name: each for each in (DARK, LIGHT, DEUTAN, MONO)}
"""The themes by name, in the order of the picker."""
