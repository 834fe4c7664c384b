"""The `axisor` command: it collects the commands of every installed part."""
