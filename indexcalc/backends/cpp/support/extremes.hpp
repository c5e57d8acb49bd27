// Running maxima and minima that keep NaN, as reductions of vector loops.
#pragma omp declare reduction(maximum : float : omp_out = ix::maximum(omp_out, omp_in)) initializer(omp_priv = -INFINITY)
#pragma omp declare reduction(maximum : double : omp_out = ix::maximum(omp_out, omp_in)) initializer(omp_priv = -INFINITY)
#pragma omp declare reduction(minimum : float : omp_out = ix::minimum(omp_out, omp_in)) initializer(omp_priv = INFINITY)
#pragma omp declare reduction(minimum : double : omp_out = ix::minimum(omp_out, omp_in)) initializer(omp_priv = INFINITY)
