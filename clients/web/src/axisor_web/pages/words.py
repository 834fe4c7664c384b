"""The words of the pages for what the core says in its own: the same few everywhere."""

from __future__ import annotations

from axisor_web.languages import marked

MODES = {
    "sim": marked("simulated exchange, play money"),
    "paper": marked("real prices, simulated account"),
    "shadow": marked("real account, nothing is sent"),
    "live": marked("real sats"),
}
"""What a mode means."""

GUARDS = {
    "ARMED": marked("ARMED"),
    "DEGRADED": marked("DEGRADED"),
    "HALTED": marked("HALTED"),
    "NONE": marked("NONE"),
    "RECONCILING": marked("RECONCILING"),
    "CREATED": marked("NOT ARMED"),
    "STARTING": marked("STARTING"),
    "PAUSED": marked("PAUSED"),
    "STOPPING": marked("STOPPING"),
    "STOPPED": marked("STOPPED"),
    "FAILED": marked("FAILED"),
}
"""What a guard does."""

SIDES = {"buy": marked("LONG"), "sell": marked("SHORT")}

LEVELS = {
    "ok": marked("OK"),
    "warn": marked("WARN"),
    "crit": marked("CRIT"),
    "none": marked("UNKNOWN"),
}
LEVEL_SIGNS = {"ok": "✓", "warn": "!", "crit": "!!", "none": "~"}

COVERS = {
    "protected": marked("guarded"),
    "unprotected": marked("unguarded"),
    "degraded": marked("guard blind"),
    "shortfall": marked("short of sats"),
}

HALTS = {
    "none": marked("not halted"),
    "risk": marked("new risk halted, the guard goes on"),
    "all": marked("everything halted, the guard too"),
    "flatten": marked("everything halted and closed"),
}

RUNS = {
    "created": marked("not started"),
    "starting": marked("starting"),
    "running": marked("running"),
    "paused": marked("paused"),
    "stopping": marked("stopping"),
    "stopped": marked("stopped"),
    "failed": marked("failed"),
}

RUN_SIGNS = {
    "created": "·",
    "starting": "→",
    "running": "✓",
    "paused": "!",
    "stopping": "→",
    "stopped": "·",
    "failed": "!!",
}

STANDINGS = {
    "active": marked("active"),
    "degraded": marked("degraded"),
    "reduce_only": marked("reduce only"),
    "reconcile_only": marked("reconcile only"),
    "halted": marked("halted"),
}

FATES = {
    "survives": marked("survives"),
    "shortfall": marked("short of sats"),
    "liquidated": marked("liquidated"),
}

SCOPES = {
    "all": marked("all of them"),
    "listed": marked("those listed"),
    "except": marked("all but those listed"),
}
"""Which positions a guard covers."""

ORDER_STATES = {
    "open": marked("open"),
    "filled": marked("filled"),
    "canceled": marked("canceled"),
}

STEPS = {
    "add_margin": marked("add margin"),
    "close": marked("close"),
    "close_part": marked("close a part"),
    "alert": marked("alert"),
    "floor": marked("the floor"),
}

DEEDS = {
    "add_margin": marked("Add margin"),
    "cash_in": marked("Cash in"),
    "close": marked("Close at the market"),
    "stop": marked("Set the stop-loss"),
    "take_profit": marked("Set the take-profit"),
    "cancel_order": marked("Cancel the order"),
    "halt": marked("Halt"),
    "resume": marked("Resume"),
    "start_run": marked("Arm"),
    "pause_run": marked("Pause"),
    "pause_short": marked("Pause for 15 min"),
    "resume_run": marked("Arm"),
    "stop_run": marked("Stop"),
}

OUTCOMES = {
    "planned": marked("planned"),
    "sent": marked("sent, not answered yet"),
    "unknown": marked("unknown yet; the core finds out and never sends it twice"),
    "confirmed": marked("done"),
    "refused": marked("refused, without effect"),
    "not_applied": marked("without effect"),
    "canceled": marked("dropped before it was sent"),
    "dead": marked("without effect: its position is gone"),
}

NOTICE_LEVELS = {
    "ok": marked("OK"),
    "info": marked("INFO"),
    "warn": marked("WARN"),
    "act": marked("ACTED"),
    "crit": marked("CRIT"),
    "lost": marked("LOST"),
}
NOTICE_SIGNS = {"ok": "✓", "info": "i", "warn": "!", "act": "→", "crit": "!!", "lost": "✗"}

DELIVERIES = {
    "queued": marked("waits"),
    "sending": marked("is being sent"),
    "sent": marked("sent"),
    "dead": marked("given up"),
    "summarized": marked("told in a summary"),
}

PLUGIN_STATES = {
    "FOUND": marked("not enabled"),
    "ENABLED": marked("enabled"),
    "QUARANTINED": marked("in quarantine"),
}
PLUGIN_PLACES = {
    "CORE": marked("in the core"),
    "RUNNER": marked("in a runner"),
    "REMOTE": marked("elsewhere"),
}

RIGHTS = {
    "": marked("anybody"),
    "read": marked("read"),
    "trade": marked("trade"),
    "adjust_margin": marked("move margin"),
    "guard": marked("run strategies"),
    "operate": marked("operate"),
    "manage_secrets": marked("keys and tokens"),
    "admin": marked("administer"),
    "self": marked("one's own sign-in"),
}

DANGERS = {
    "read": marked("reads"),
    "reversible": marked("can be taken back"),
    "money": marked("moves money"),
    "destructive": marked("cannot be undone"),
}

MARKS = {
    "AddMargin": marked("added margin"),
    "CashIn": marked("cashed in"),
    "ClosePosition": marked("closed"),
    "SetStop": marked("set the stop-loss"),
    "SetTakeProfit": marked("set the take-profit"),
}
