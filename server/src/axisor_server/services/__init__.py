"""Use cases: what a caller may want of the core, over the engine, the store and the vault."""
