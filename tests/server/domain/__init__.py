"""Tests of the core's pure middle."""
