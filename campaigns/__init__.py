"""Long trials of whole processes: kills, replicas, load and recovery, each against its figures."""
