"""The whole platform in virtual time: several cores, one venue, one database, and faults by seed."""
