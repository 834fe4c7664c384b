"""Tests of what is done about funding."""
