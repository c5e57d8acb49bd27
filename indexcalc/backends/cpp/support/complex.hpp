// Complex numbers as NumPy has them: products without the recovery of infinities that std::complex makes.
#include <complex>

template <class T>
struct Complex {
  T re, im;
  Complex() = default;
  Complex(T re, T im = T(0)) : re(re), im(im) {}
  explicit Complex(const std::complex<T>& z) : re(z.real()), im(z.imag()) {}
  std::complex<T> std() const { return {re, im}; }
  friend bool operator==(const Complex& a, const Complex& b) { return a.re == b.re && a.im == b.im; }
  friend bool operator!=(const Complex& a, const Complex& b) { return !(a == b); }
  Complex operator-() const { return {-re, -im}; }
  Complex& operator+=(const Complex& o) { return *this = *this + o; }
  Complex& operator*=(const Complex& o) { return *this = *this * o; }
  Complex& operator-=(const Complex& o) { return *this = *this - o; }
  friend Complex operator+(const Complex& a, const Complex& b) { return {a.re + b.re, a.im + b.im}; }
  friend Complex operator-(const Complex& a, const Complex& b) { return {a.re - b.re, a.im - b.im}; }
  friend Complex operator*(const Complex& a, const Complex& b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  // Smith's way: no overflow where the quotient has none.
  friend Complex operator/(const Complex& a, const Complex& b) {
    if (std::abs(b.re) >= std::abs(b.im)) {
      if (b.re == 0 && b.im == 0) return {a.re / std::abs(b.re), a.im / std::abs(b.re)};
      const T ratio = b.im / b.re, scale = T(1) / (b.re + b.im * ratio);
      return {(a.re + a.im * ratio) * scale, (a.im - a.re * ratio) * scale};
    }
    const T ratio = b.re / b.im, scale = T(1) / (b.im + b.re * ratio);
    return {(a.re * ratio + a.im) * scale, (a.im * ratio - a.re) * scale};
  }
};
