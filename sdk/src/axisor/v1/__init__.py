"""Generated from proto/axisor/v1; never edited."""
