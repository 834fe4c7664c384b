"""The common language of Axisor: money, events, strategies, and how to speak to a core."""
