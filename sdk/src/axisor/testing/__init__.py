"""What tests of strategies, plugins and clients are written with."""
