/** The value of an expression where its variables have sample values: what cannot be proved equal is compared there. */
import * as complex from './complex.ts';
import type { Complex } from './complex.ts';
import { exactValue } from './exact.ts';
import { toNumber } from './fraction.ts';
import { functions, isFunction } from './functions.ts';
import type { Node } from './node.ts';

/** Values of variables by name; one that is not named here has a value that its name and the sample's number determine. */
export interface Sample {
  readonly number: number;
  /** Whether variables may be negative. */
  readonly isSigned: boolean;
  readonly values?: ReadonlyMap<string, Complex>;
}

const nothing: Complex = { re: NaN, im: NaN };
const constants: Readonly<Record<string, Complex>> = {
  pi: complex.real(Math.PI),
  e: complex.real(Math.E),
  i: { re: 0, im: 1 },
  infinity: complex.real(Infinity),
};
const opaqueConstants: ReadonlySet<string> = new Set(['reals', 'empty']);

/** NaN where the expression has no value; a function without a known meaning has a value that its name and its arguments' values determine. */
export function valueAt(node: Node, sample: Sample): Complex {
  switch (node.kind) {
    case 'number':
      return complex.real(toNumber(node.value));
    case 'symbol':
      return valueOfSymbol(node.name, sample);
    case 'sum':
      return node.args.reduce((total, arg) => complex.add(total, valueAt(arg, sample)), complex.real(0));
    case 'product':
      return node.args.reduce((total, arg) => complex.multiply(total, valueAt(arg, sample)), complex.real(1));
    case 'power':
      return valueOfPower(node, sample);
    case 'call':
      return valueOfCall(node.name, node.args, sample);
    case 'degrees':
    case 'percent':
    case 'quantity':
      return valueAt(node.arg, sample);
    case 'relation':
      return opaque(`relation ${node.relations.join(' ')}`, node.args, sample);
    default:
      return nothing;
  }
}

function valueOfSymbol(name: string, { number, isSigned, values }: Sample): Complex {
  const given = values?.get(name);
  if (given !== undefined) return given;
  if (Object.hasOwn(constants, name)) return constants[name] ?? nothing;
  if (opaqueConstants.has(name)) return nothing;
  const uniform = unitHash(`${name}|${number}`);
  const size = 0.4 + 2.1 * uniform;
  return complex.real(isSigned && unitHash(`sign|${name}|${number}`) < 0.6 ? -size : size);
}

function valueOfPower({ base, exponent }: Extract<Node, { kind: 'power' }>, sample: Sample): Complex {
  const a = valueAt(base, sample);
  const exact = exactValue(exponent);
  if (exact === null) return complex.power(a, valueAt(exponent, sample));
  if (exact.denominator === 1n || exact.denominator > 1000n || exact.numerator > 1000n) return complex.power(a, complex.real(toNumber(exact)));
  return exact.denominator === 2n && exact.numerator === 1n
    ? complex.sqrt(a)
    : complex.rationalPower(a, Number(exact.numerator), Number(exact.denominator));
}

function valueOfCall(name: string, args: readonly Node[], sample: Sample): Complex {
  if (!isFunction(name)) return opaque(name, args, sample);
  const known = functions[name];
  return known === undefined ? nothing : known(...args.map((arg) => (arg.kind === 'degrees' ? inRadians(arg.arg, sample) : valueAt(arg, sample))));
}

/** `\sin 30^\circ` */
function inRadians(arg: Node, sample: Sample): Complex {
  return complex.multiply(valueAt(arg, sample), complex.real(Math.PI / 180));
}

/** Nine digits of the arguments decide, so that rounding does not. */
function opaque(name: string, args: readonly Node[], sample: Sample): Complex {
  const values = args.map((arg) => (arg.kind === 'text' ? { re: unitHash(arg.text), im: 0 } : valueAt(arg, sample)));
  if (!values.every(complex.isFinite)) return nothing;
  const digits = (x: number): string => (Math.abs(x) < 1e-12 ? '0' : x.toPrecision(9));
  const key = `${name}(${values.map(({ re, im }) => `${digits(re)},${digits(im)}`).join(';')})`;
  return complex.real(0.4 + 2.1 * unitHash(key));
}

/** A number in [0, 1) that the text determines (FNV-1a, then mixed). */
function unitHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
