// The same of complex numbers, which stand for a real number and a step: decisions look at the real part.
namespace ix {
template <class T>
static inline T real_part(const Complex<T>& x) {
  return x.re;
}
#define COMPLEX_FUNCTION(name)                     \
  template <class T>                               \
  static inline Complex<T> name(Complex<T> x) {    \
    return Complex<T>(std::name(x.std()));         \
  }
COMPLEX_FUNCTION(cos)
COMPLEX_FUNCTION(cosh)
COMPLEX_FUNCTION(exp)
COMPLEX_FUNCTION(log)
COMPLEX_FUNCTION(sin)
COMPLEX_FUNCTION(sinh)
COMPLEX_FUNCTION(sqrt)
COMPLEX_FUNCTION(tan)
COMPLEX_FUNCTION(tanh)
#undef COMPLEX_FUNCTION
template <class T>
static inline Complex<T> sigmoid(Complex<T> x) {
  return Complex<T>(1) / (Complex<T>(1) + exp(-x));
}
template <class T>
static inline Complex<T> absolute(Complex<T> x) {
  return x.re < 0 ? -x : x;
}
template <class T>
static inline Complex<T> relu(Complex<T> x) {
  return x.re <= 0 ? Complex<T>(0) : x;
}
template <class T>
static inline T sign(Complex<T> x) {
  return ix::sign(x.re);
}
template <class T>
static inline Complex<T> maximum(Complex<T> a, Complex<T> b) {
  return a.re >= b.re || a.re != a.re ? a : b;
}
template <class T>
static inline Complex<T> minimum(Complex<T> a, Complex<T> b) {
  return a.re <= b.re || a.re != a.re ? a : b;
}
template <class T>
static inline Complex<T> softplus(Complex<T> x) {
  const std::complex<T> z = exp(-absolute(x)).std(), y = T(1) + z;
  const T size = std::abs(z);  // for a small z, log(1 + z) is log1p of the modulus, and the angle
  const Complex<T> rest(size < T(0.5) ? T(0.5) * std::log1p(z.real() * (T(2) + z.real()) + z.imag() * z.imag())
                                      : std::log(std::abs(y)),
                        std::arg(y));
  return relu(x) + rest;
}
// The value, and along the step the derivative.
template <class T>
static inline Complex<T> erf(Complex<T> x) {
  return {std::erf(x.re), T(2 / std::sqrt(std::acos(-1.0))) * std::exp(-x.re * x.re) * x.im};
}
template <class T>
static inline Complex<T> power(Complex<T> x, Complex<T> y) {
  if (y.im == 0 && y.re == std::round(y.re) && std::abs(y.re) <= 64) {  // exact for small powers
    Complex<T> product(1);
    for (int n = int(std::abs(y.re)); n > 0; --n) product *= x;
    return y.re < 0 ? Complex<T>(1) / product : product;
  }
  return Complex<T>(std::pow(x.std(), y.std()));
}
}  // namespace ix

template <class T>
static inline T pivot_size(const Complex<T>& x) {
  return std::abs(x.re) + std::abs(x.im);
}
template <class T>
static inline T modulus(const Complex<T>& x) {
  return std::hypot(x.re, x.im);
}
template <class T>
static inline Complex<T> direction(const Complex<T>& x) {
  const T size = modulus(x);
  return size == 0 ? Complex<T>(0) : Complex<T>(x.re / size, x.im / size);
}
