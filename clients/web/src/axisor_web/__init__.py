"""The web bridge: REST, streams and sessions of browsers for a core, as a client of its gRPC."""
