"""The ports made real: databases, files, clocks, Redis, and all of them again in memory."""
