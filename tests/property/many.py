"""How many examples the properties try: the same ones in every CI run, more when asked for more."""

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES_MIN = 100

MANY = settings(
    max_examples=max(EXAMPLES_MIN, settings.default.max_examples if settings.default is not None else 0),
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    report_multiple_bugs=False,
    # Mutants only want to be noticed; nobody reads the smallest example of a bug that was put there.
    phases=(Phase.generate,) if os.environ.get("SVCPROV_SHRINK") == "no" else tuple(Phase),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FULL = bool(os.environ.get("SVCPROV_FULL"))
"""Try every pair of crash points, which takes minutes, instead of a sample."""
