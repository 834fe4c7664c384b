"""The core of Axisor: it holds the keys and the state, decides, and answers over gRPC."""
