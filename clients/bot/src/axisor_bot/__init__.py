"""Chat bots and agents: thin clients of a core, with tokens that may do little."""
