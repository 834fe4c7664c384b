"""What the console shows, as values: pure, without terminal, clock or network."""
