"""Telegram: long polling of the Bot API, and whose messages are answered."""
