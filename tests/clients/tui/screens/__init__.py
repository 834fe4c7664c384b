"""Tests of the console's screens."""
