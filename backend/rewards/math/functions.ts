/** The functions that answers may contain, as floats; a function that is not here is nothing but its name. */
import * as complex from './complex.ts';
import type { Complex } from './complex.ts';

type Evaluate = (...args: readonly Complex[]) => Complex;

const nan: Complex = { re: NaN, im: 0 };
const one = complex.real(1);

/** Only of real arguments. */
function ofReals(evaluate: (...args: readonly number[]) => number): Evaluate {
  return (...args) => (args.every(complex.isReal) ? complex.real(evaluate(...args.map(({ re }) => re))) : nan);
}

function reciprocal(evaluate: (a: Complex) => Complex): Evaluate {
  return (a = nan) => complex.divide(one, evaluate(a));
}

const tan = (a: Complex): Complex => complex.divide(complex.sin(a), complex.cos(a));
const half = (a: Complex): Complex => complex.divide(a, complex.real(2));
const minus = (a: Complex): Complex => ({ re: -a.re, im: -a.im });
const sinh = (a: Complex): Complex => half(complex.subtract(complex.exp(a), complex.exp(minus(a))));
const cosh = (a: Complex): Complex => half(complex.add(complex.exp(a), complex.exp(minus(a))));

/** Real logarithm where it exists; of a float's rounding below zero it is none. */
const ln: Evaluate = (a = nan) => (a.im === 0 && a.re > 0 ? complex.real(Math.log(a.re)) : complex.log(a));

export const functions: Readonly<Record<string, Evaluate>> = {
  sin: (a = nan) => complex.sin(a),
  cos: (a = nan) => complex.cos(a),
  tan: (a = nan) => tan(a),
  cot: (a = nan) => complex.divide(complex.cos(a), complex.sin(a)),
  sec: reciprocal(complex.cos),
  csc: reciprocal(complex.sin),
  arcsin: ofReals((a = NaN) => Math.asin(a)),
  arccos: ofReals((a = NaN) => Math.acos(a)),
  arctan: ofReals((a = NaN) => Math.atan(a)),
  arccot: ofReals((a = NaN) => Math.PI / 2 - Math.atan(a)),
  arcsec: ofReals((a = NaN) => Math.acos(1 / a)),
  arccsc: ofReals((a = NaN) => Math.asin(1 / a)),
  sinh: (a = nan) => sinh(a),
  cosh: (a = nan) => cosh(a),
  tanh: (a = nan) => complex.divide(sinh(a), cosh(a)),
  coth: (a = nan) => complex.divide(cosh(a), sinh(a)),
  arcsinh: ofReals((a = NaN) => Math.asinh(a)),
  arccosh: ofReals((a = NaN) => Math.acosh(a)),
  arctanh: ofReals((a = NaN) => Math.atanh(a)),
  exp: (a = nan) => complex.exp(a),
  ln,
  /** Arguments: number, base. */
  log: (a = nan, base = nan) => complex.divide(ln(a), ln(base)),
  abs: (a = nan) => complex.real(complex.size(a)),
  floor: ofReals((a = NaN) => Math.floor(a + 1e-12)),
  ceil: ofReals((a = NaN) => Math.ceil(a - 1e-12)),
  min: ofReals((...args) => Math.min(...args)),
  max: ofReals((...args) => Math.max(...args)),
  gcd: ofReals((...args) => args.reduce(gcd)),
  lcm: ofReals((...args) => args.reduce((a, b) => Math.abs(a * b) / gcd(a, b))),
  factorial: ofReals((a = NaN) => gamma(a + 1)),
  gamma: ofReals((a = NaN) => gamma(a)),
  binomial: ofReals((n = NaN, k = NaN) => gamma(n + 1) / (gamma(k + 1) * gamma(n - k + 1))),
  Re: (a = nan) => complex.real(a.re),
  Im: (a = nan) => complex.real(a.im),
  arg: (a = nan) => complex.real(Math.atan2(a.im, a.re)),
  conjugate: (a = nan) => ({ re: a.re, im: a.im === 0 ? 0 : -a.im }),
};

/** Whether a name has a meaning beyond itself. */
export function isFunction(name: string): boolean {
  return Object.hasOwn(functions, name);
}

function gcd(a: number, b: number): number {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return NaN;
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

const lanczos = [
  0.999_999_999_999_809_9, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_1, -176.615_029_162_140_6, 12.507_343_278_686_905,
  -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
];

/** Lanczos' approximation (g = 7, n = 9), relative error below 1e-14. */
function gamma(x: number): number {
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const shifted = x - 1;
  let series = lanczos[0] ?? 0;
  for (let i = 1; i < lanczos.length; i++) series += (lanczos[i] ?? 0) / (shifted + i);
  const t = shifted + 7.5;
  return Math.sqrt(2 * Math.PI) * t ** (shifted + 0.5) * Math.exp(-t) * series;
}
