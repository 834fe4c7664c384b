"""Tests of the web bridge."""
