"""Backups: one encrypted file each, made while the core runs, verified, and restored with care."""
