"""Axisor's SDK: what authors of strategies, venues and clients stand on."""
