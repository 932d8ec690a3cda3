"""The durable job ledger, the studio workers that lease from it, the orchestrator that feeds it."""
