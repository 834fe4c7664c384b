"""People: registering, signing in, second factors, letters, and what administrators do."""
