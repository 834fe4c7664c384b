"""The engine: it turns ticks and commands into journaled decisions, and decisions into effects."""
