"""What leaves for addresses that somebody gave: which are spoken to, and how."""
