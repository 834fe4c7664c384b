"""Tests of the console's overlays."""
