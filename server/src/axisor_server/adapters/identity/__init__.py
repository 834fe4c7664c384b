"""Providers that vouch for people: OpenID Connect and GitHub, behind one port."""
