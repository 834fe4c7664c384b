"""Tests of the console's model."""
