// Matrix products of complex numbers in the library.
template <>
inline void* BlasType<Complex<float>>::gemm() {
  return blas.cgemm;
}
template <>
inline void* BlasType<Complex<double>>::gemm() {
  return blas.zgemm;
}
