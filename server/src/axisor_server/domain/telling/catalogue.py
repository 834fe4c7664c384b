"""The words of what is told, in every language: a title, what it means, what to do.

`{doing}` stands for an action in words, `{text}` for what is written in the journal: there the
core's own sentences are said in the language by `sentences`, those of plugins and of the venue are
shown as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from axisor_server.domain.telling.catalogue_pt import DOINGS_PT, FRAMES_PT, WORDS_PT

Words: TypeAlias = tuple[str, str, str]

LANGUAGES = ("en-US", "pt-BR")

WORDS_EN: Mapping[str, Words] = {
    "near.acting": (
        "{side} {name} is {distance_pct} from liquidation",
        "price {price_usd} · liq {liquidation_usd}",
        "The guard adds {amount_sat} now.",
    ),
    "near.shadow": (
        "{side} {name} is {distance_pct} from liquidation",
        "price {price_usd} · liq {liquidation_usd}",
        "The guard would add {amount_sat}; here it only watches.",
    ),
    "near.seen": (
        "{side} {name} is {distance_pct} from liquidation",
        "price {price_usd} · liq {liquidation_usd}",
        "{text}",
    ),
    "near.over": (
        "{side} {name} is {distance_pct} from liquidation again",
        "price {price_usd} · liq {liquidation_usd}",
        "",
    ),
    "bare.near": (
        "{side} {name} is {distance_pct} from liquidation and NOT protected",
        "price {price_usd} · liq {liquidation_usd}",
        "Arm a guard, or add margin: axisor position add-margin {name}",
    ),
    "guard.failed": (
        "{side} {name} is near liquidation and the guard could not act",
        "{text}",
        "Deposit, or close it: axisor position close {name}",
    ),
    "guard.recovered": ("{side} {name} is {distance_percent} % from liquidation again", "", ""),
    "cover.lost": ("{side} {name} is not protected", "{text}", "See why: axisor guard explain"),
    "cover.protected": ("{side} {name} is protected again", "", ""),
    "blind": ("The guard cannot act", "{text}", "It goes on by itself as soon as it can."),
    "blind.over": ("The guard can act again", "{text}", ""),
    "key": (
        "Your key can withdraw funds",
        "Axisor never needs that; whoever steals it could take everything.",
        "Make a key for futures only, then: axisor account replace-credentials",
    ),
    "notice": ("{text}", "", ""),
    "over": ("It is over", "", ""),
    "halt.risk": ("New risk is halted by {who}", "{text}", "Guards go on. axisor halt resume"),
    "halt.all": ("Everything is halted by {who}", "{text}", "NO guard acts. axisor halt resume"),
    "halt.flatten": ("All positions are being closed, by {who}", "{text}", "axisor halt resume"),
    "halt.over": ("The halt was ended by {who}", "{text}", ""),
    "restored": (
        "The account acts again after a restore",
        "{moved_sat} moved since the backup; budgets count them as spent.",
        "",
    ),
    "run.failed": ("{strategy} has failed", "{text}", "It does nothing until: axisor run start"),
    "run.paused": (
        "{strategy} was paused by {who}",
        "{text}",
        "It does nothing until: axisor run resume",
    ),
    "run.paused_for": (
        "{strategy} was paused by {who} at {paused_at} ({length_min})",
        "{text}",
        "It goes on by itself at {until_at}. Sooner: axisor run resume",
    ),
    "run.bare": (
        "{strategy} was PAUSED by {who}: {bare_count} of its positions NOT protected",
        "{text}",
        "Nothing protects them until: axisor run resume",
    ),
    "run.bare_for": (
        "{strategy} was PAUSED by {who} for {length_min}: {bare_count} positions NOT protected",
        "{text}",
        "It goes on by itself at {until_at}. Sooner: axisor run resume",
    ),
    "run.resumed": ("{strategy} runs again", "{text}", ""),
    "run.stopped": ("{strategy} was stopped", "{text}", "It does nothing until: axisor run start"),
    "run.running": ("{strategy} runs again", "", ""),
    "ended.closed": ("{side} {name} was closed at {exit_usd}", "{pl_sat}", ""),
    "ended.liquidated": (
        "{side} {name} was liquidated at {exit_usd}",
        "{pl_sat}",
        "The journal says why nothing saved it: axisor events list",
    ),
    "ended.liquidated_paused": (
        "{side} {name} was liquidated at {exit_usd}",
        "{pl_sat}",
        "Its guard was PAUSED by {who} at {paused_at}. axisor events list",
    ),
    "ended.liquidated_paused_for": (
        "{side} {name} was liquidated at {exit_usd}",
        "{pl_sat}",
        "Its guard was PAUSED by {who} at {paused_at} ({length_min}). axisor events list",
    ),
    "ended.stopped": ("{side} {name} was closed by its stop at {exit_usd}", "{pl_sat}", ""),
    "ended.taken": ("{side} {name} took its profit at {exit_usd}", "{pl_sat}", ""),
    "ended.unknown": ("{side} {name} is gone", "{pl_sat}", "The venue does not say how it ended."),
    "acted.moved": (
        "Guard added {amount_sat} to {side} {name}",
        "liq {before_usd} -> {after_usd}",
        "",
    ),
    "known.confirmed": ("Now it is known: it took effect", "", ""),
    "known.refused": ("Now it is known: it was refused", "{text}", ""),
    "known.not_applied": ("Now it is known: it did not take effect", "{text}", ""),
    "known.canceled": ("It was canceled", "{text}", ""),
    "daily": (
        "Daily all-clear - protected {protected_count}/{positions_count}",
        "{actions_count} guard actions, {added_sat} in 24 h; open alerts: {open_count}",
        "If this message does not come, something is wrong.",
    ),
    "daily.not": (
        "Daily report - protected {protected_count}/{positions_count}",
        "{actions_count} guard actions, {added_sat} in 24 h; open alerts: {open_count}",
        "Look at them: axisor alert list",
    ),
    "failing": (
        "The channel {name} does not work",
        "{text}",
        "You are told by other channels only. axisor notify test",
    ),
    "test": ("This is a test of the channel {name}", "Nothing happened.", ""),
    "repeated": ("", "", "Nobody has seen this yet: axisor alert ack"),
    "flapping": ("", "", "It came {times_count} times in an hour; only worse is told from here."),
    "more": ("", "", "and {more_count} more: axisor alert list"),
}

FRAMES_EN: Mapping[str, Words] = {
    "acted": ("A strategy did: {doing}", "", ""),
    "asked": ("Done: {doing}", "by {who}", ""),
    "refused": ("Not done: {doing}", "{text}", "Nothing was sent, or it had no effect."),
    "unknown": (
        "It is not known whether this happened: {doing}",
        "{text}",
        "It is not sent again until that is settled, which goes on by itself.",
    ),
    "dead": (
        "Given up without knowing: {doing}",
        "{text}",
        "Look at the venue, then: axisor dlq list",
    ),
    "would": ("would have done: {doing}", "Nothing was sent.", ""),
}

DOINGS_EN: Mapping[str, str] = {
    "add": "add {amount_sat} to {name}",
    "cash_in": "cash {amount_sat} in from {name}",
    "close": "close {name}",
    "stop": "stop of {name} at {at_usd}",
    "stop_off": "stop of {name} off",
    "target": "target of {name} at {at_usd}",
    "target_off": "target of {name} off",
    "open": "open {side} {quantity_count} USD x{leverage}",
    "open_for": "open {side} for {amount_sat} x{leverage}",
    "cross_order": "cross {side} {quantity_count} USD",
    "deposit": "deposit {amount_sat} into cross",
    "withdraw": "take {amount_sat} out of cross",
    "cross_leverage": "cross leverage x{leverage}",
    "cancel": "cancel order {name}",
    "cancel_all": "cancel every order",
}

WORDS = {"en-US": WORDS_EN, "pt-BR": WORDS_PT}
FRAMES = {"en-US": FRAMES_EN, "pt-BR": FRAMES_PT}
DOINGS = {"en-US": DOINGS_EN, "pt-BR": DOINGS_PT}
