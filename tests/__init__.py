"""What svcprov promises, as tests: unit, property, fidelity and end to end."""
