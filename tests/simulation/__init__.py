"""The whole platform in virtual time: cores, a venue, a database, and faults by seed."""
