"""The core's pure middle.

Journal, intents, witnesses, review and budgets; no IO, no clock, no chance.
"""
