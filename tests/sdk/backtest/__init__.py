"""Tests of the back-tester."""
