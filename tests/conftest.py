"""Settings that have to stand before NumPy and torch are loaded."""

from indexcalc.demo import use_one_blas_thread

# The tests' arrays are small and several test processes may run side by side.
use_one_blas_thread()
