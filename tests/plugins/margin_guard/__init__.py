"""Tests of the margin guard."""
