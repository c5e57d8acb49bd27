"""Settings that have to stand before NumPy and torch are loaded, and how the random tests draw.

`make test` draws the same examples every time; `make fuzz` draws new ones, many more, and prints how to repeat a failure.
"""

import os

from hypothesis import settings

from indexcalc.demo import use_one_blas_thread

# The tests' arrays are small and several test processes may run side by side.
use_one_blas_thread()

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fuzz", print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
