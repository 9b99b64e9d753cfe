/** Units that may follow a number, and their one name. */

const unitNames: readonly (readonly string[])[] = [
  ['mm', 'millimeter', 'millimeters', 'millimetre', 'millimetres'],
  ['cm', 'centimeter', 'centimeters', 'centimetre', 'centimetres'],
  ['m', 'meter', 'meters', 'metre', 'metres'],
  ['km', 'kilometer', 'kilometers', 'kilometre', 'kilometres'],
  ['inch', 'inches', 'in'],
  ['foot', 'feet', 'ft'],
  ['yard', 'yards', 'yd'],
  ['mile', 'miles', 'mi'],
  ['mg', 'milligram', 'milligrams'],
  ['g', 'gram', 'grams'],
  ['kg', 'kilogram', 'kilograms'],
  ['pound', 'pounds', 'lb', 'lbs'],
  ['ounce', 'ounces', 'oz'],
  ['ton', 'tons'],
  ['ml', 'mL', 'milliliter', 'milliliters'],
  ['l', 'L', 'liter', 'liters', 'litre', 'litres'],
  ['gallon', 'gallons'],
  ['second', 'seconds', 'sec', 'secs', 's'],
  ['minute', 'minutes', 'min', 'mins'],
  ['hour', 'hours', 'hr', 'hrs', 'h'],
  ['day', 'days'],
  ['week', 'weeks'],
  ['month', 'months'],
  ['year', 'years'],
  ['mph'],
  ['kmh', 'kph'],
  ['hz', 'Hz', 'hertz'],
  ['j', 'J', 'joule', 'joules'],
  ['n', 'N', 'newton', 'newtons'],
  ['w', 'W', 'watt', 'watts'],
  ['v', 'V', 'volt', 'volts'],
  ['k', 'K', 'kelvin'],
  ['pa', 'Pa', 'pascal', 'pascals'],
  ['mol', 'mole', 'moles'],
  ['ev', 'eV'],
  ['cent', 'cents'],
  ['dollar', 'dollars', 'usd', 'USD'],
  ['euro', 'euros', 'EUR'],
  ['yuan', 'rmb', 'RMB'],
  ['radian', 'radians', 'rad'],
  ['unit', 'units'],
];
const canonical = new Map(unitNames.flatMap((names) => names.map((name) => [name, names[0] ?? name] as const)));

/** Money and what merely says that something is counted make no difference between two answers. */
const silent: ReadonlySet<string> = new Set(['dollar', 'euro', 'yuan', 'unit', 'radian']);

/** A word that, behind a number and without any markup, is a unit and no product of variables. */
export function isUnitWord(word: string): boolean {
  return word.length > 1 && canonical.has(word);
}

/**
 * The one spelling of a unit: `\text{ square cm}` and `cm^2` are `cm^2`. Empty for words that are no units (`books`), which therefore never
 * make two answers differ.
 */
export function canonicalUnit(text: string): string {
  const words = text
    .replace(/\bper\b/gu, '/')
    .replace(/\b(?:square|sq\.?)\s+([a-zA-Z]+)/gu, '$1^2')
    .replace(/\b(?:cubic|cu\.?)\s+([a-zA-Z]+)/gu, '$1^3')
    .replace(/[{}\s\\]+/gu, ' ')
    .match(/[a-zA-Z]+|\^\s?-?\d+|\//gu);
  let result = '';
  for (const word of words ?? []) {
    if (word === '/') result += result === '' ? '' : '/';
    else if (word.startsWith('^')) result += /[a-zA-Z]$/u.test(result) ? word.replace(/\s/gu, '') : '';
    else {
      const name = canonical.get(word) ?? canonical.get(word.toLowerCase());
      if (name === undefined) return '';
      if (!silent.has(name)) result += `${/[a-zA-Z\d]$/u.test(result) ? '*' : ''}${name}`;
    }
  }
  return result.replace(/[/*]+$/u, '');
}
