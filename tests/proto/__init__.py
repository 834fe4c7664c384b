"""Rules of the contract, as tests."""
