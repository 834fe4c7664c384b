"""The core's pure middle: journal, intents, witnesses, review and budgets; no IO, no clock, no chance."""
