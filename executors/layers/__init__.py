"""Executors that wrap an executor: contract, guard, journal, log and faults."""
