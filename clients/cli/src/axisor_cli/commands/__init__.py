"""The commands of `axisor`, a module for each group."""
