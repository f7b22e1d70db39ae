"""Where worlds have come to, for comparison; it is what `svcmgr verify` compares, too."""

from svcprov.verification.outcomes import Renamed, differences, held, lost, names_of, outcome

__all__ = ["Renamed", "differences", "held", "lost", "names_of", "outcome"]
