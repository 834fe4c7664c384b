"""Tests of moving margin and of holding dollars."""
