"""The tutorial's strategy: it buys a little more each time the price falls a step."""
