"""What `axisor plugin` does for authors: making, checking and running a plugin, without a core."""
