/** How the axes of an experiment's grid are called. */

/** The axis of the named variants; every other one is the path of a setting. */
export const variantAxis = 'variant';

/** `γ` and other short names of settings as tables head them. */
export function axisTitle(path: string): string {
  return axisTitles[path] ?? path.slice(path.lastIndexOf('.') + 1);
}

const axisTitles: Readonly<Record<string, string>> = {
  'switches.shapingGamma': 'γ',
  'switches.nRollouts': 'n',
  'switches.kRefinements': 'k',
  'data.limit': 'training problems',
  'criticOptions.model': 'critic model',
  'criticOptions.maxTokens': 'critique length',
  'optimizer.learningRate': 'learning rate',
};
