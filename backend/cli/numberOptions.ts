/** Numbers given as text on the command line. */
import { WorkbenchError } from '../core/errors.ts';

export function positiveInteger(option: string, text: string): number {
  return checked(option, text, (value) => Number.isInteger(value) && value > 0, 'a positive whole number');
}

export function wholeNumber(option: string, text: string): number {
  return checked(option, text, (value) => Number.isSafeInteger(value) && value >= 0, 'a whole number of at least 0');
}

export function positive(option: string, text: string): number {
  return checked(option, text, (value) => Number.isFinite(value) && value > 0, 'a number above 0');
}

export function nonNegative(option: string, text: string): number {
  return checked(option, text, (value) => Number.isFinite(value) && value >= 0, 'a number of at least 0');
}

function checked(option: string, text: string, isGood: (value: number) => boolean, what: string): number {
  const value = Number(text);
  if (text.trim() !== '' && isGood(value)) return value;
  throw new WorkbenchError({ code: 'config.invalid', message: `${option} is "${text}".`, remedy: `Give ${what}.` });
}
