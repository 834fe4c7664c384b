"""A server of the Model Context Protocol: agents read, and propose what somebody else approves."""
