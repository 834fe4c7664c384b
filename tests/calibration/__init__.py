"""What is assumed about the venue, and how each assumption is measured."""
