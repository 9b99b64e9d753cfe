/** Complex numbers of two floats, with principal branches; odd real roots of negative numbers are real, as answers mean them. */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const real = (re: number): Complex => ({ re, im: 0 });
export const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const subtract = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
export const size = (a: Complex): number => (a.im === 0 ? Math.abs(a.re) : Math.hypot(a.re, a.im));
export const isFinite = (a: Complex): boolean => Number.isFinite(a.re) && Number.isFinite(a.im);
export const isReal = (a: Complex): boolean => Math.abs(a.im) <= 1e-10 * Math.max(1, Math.abs(a.re));

export function multiply(a: Complex, b: Complex): Complex {
  if (a.im === 0 && b.im === 0) return real(a.re * b.re);
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

export function divide(a: Complex, b: Complex): Complex {
  if (b.im === 0) return { re: a.re / b.re, im: a.im === 0 ? 0 : a.im / b.re };
  const scale = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / scale, im: (a.im * b.re - a.re * b.im) / scale };
}

export function exp(a: Complex): Complex {
  const radius = Math.exp(a.re);
  return a.im === 0 ? real(radius) : { re: radius * Math.cos(a.im), im: radius * Math.sin(a.im) };
}

export function log(a: Complex): Complex {
  return { re: Math.log(size(a)), im: Math.atan2(a.im, a.re) };
}

export function power(a: Complex, b: Complex): Complex {
  if (b.im === 0 && Number.isInteger(b.re) && Math.abs(b.re) <= 64) return integerPower(a, b.re);
  if (a.im === 0 && b.im === 0 && (a.re >= 0 || Number.isInteger(b.re))) return real(a.re ** b.re);
  if (size(a) === 0) return real(b.re > 0 ? 0 : NaN);
  return exp(multiply(b, log(a)));
}

/** `a ** (numerator / degree)` with the real root where `a` is real and negative and the degree odd. */
export function rationalPower(a: Complex, numerator: number, degree: number): Complex {
  if (a.im === 0 && a.re < 0 && degree % 2 === 1) {
    const positive = (-a.re) ** (numerator / degree);
    return real(numerator % 2 === 0 ? positive : -positive);
  }
  return power(a, real(numerator / degree));
}

export function sqrt(a: Complex): Complex {
  if (a.im === 0) return a.re >= 0 ? real(Math.sqrt(a.re)) : { re: 0, im: Math.sqrt(-a.re) };
  return power(a, real(0.5));
}

export function sin(a: Complex): Complex {
  if (a.im === 0) return real(Math.sin(a.re));
  return { re: Math.sin(a.re) * Math.cosh(a.im), im: Math.cos(a.re) * Math.sinh(a.im) };
}

export function cos(a: Complex): Complex {
  if (a.im === 0) return real(Math.cos(a.re));
  return { re: Math.cos(a.re) * Math.cosh(a.im), im: -Math.sin(a.re) * Math.sinh(a.im) };
}

function integerPower(a: Complex, exponent: number): Complex {
  let result = real(1);
  for (let i = 0; i < Math.abs(exponent); i++) result = multiply(result, a);
  return exponent < 0 ? divide(real(1), result) : result;
}
