"""The campaigns at their quick figures, and the parts they are made of."""
