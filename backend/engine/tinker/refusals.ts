/** What cannot be had from a Tinker server, each said before anything is trained: a loss that is quietly another one is worse than none. */
import { WorkbenchError } from '../../core/errors.ts';
import type { LossProgram, OptimStepRequest } from '../contract.ts';
import { dependsOn } from './lossGradient.ts';

export interface Asked {
  /** Of every phase of the run. */
  readonly losses: readonly LossProgram[];
  readonly optimizer: Pick<OptimStepRequest, 'gradientClip' | 'weightDecay'>;
  readonly keepReference: boolean;
  readonly loraRank: number;
}

interface Refusal {
  readonly what: string;
  readonly remedy: string;
}

/** Every sentence that applies. */
export function refusalsOf({ losses, optimizer, keepReference, loraRank }: Asked): readonly Refusal[] {
  const refusals: Refusal[] = [];
  if (losses.some((loss) => dependsOn(loss, 'entropies'))) {
    refusals.push({
      what: 'an entropy bonus, since only logprobs of tokens cross the wire',
      remedy: 'Set switches.entropyCoefficient to 0.',
    });
  }
  if (optimizer.gradientClip !== null) {
    refusals.push({
      what: 'clipping by our own bound, since the protocol does not carry one to every server',
      remedy: 'Set optimizer.gradientClip to null (a bound in the server’s own configuration still holds).',
    });
  }
  if (keepReference && loraRank === 0) {
    refusals.push({
      what: 'a KL to the reference while all weights are trained, since no copy of the weights before training is kept',
      remedy: 'Set switches.klCoefficient to 0, or train an adapter (engine.tinker.loraRank).',
    });
  }
  if (optimizer.weightDecay !== 0 && loraRank === 0) {
    refusals.push({
      what: 'weight decay that spares vectors, since the server decays all weights',
      remedy: 'Set optimizer.weightDecay to 0, or train an adapter (engine.tinker.loraRank).',
    });
  }
  return refusals;
}

/** Throws `engine.notRemote`, saying all at once. */
export function requireRemote(asked: Asked): void {
  const refusals = refusalsOf(asked);
  if (refusals.length === 0) return;
  throw new WorkbenchError({
    code: 'engine.notRemote',
    message: `A Tinker server cannot honor what this run asks for: ${refusals.map(({ what }) => what).join('; ')}.`,
    remedy: refusals.map(({ remedy }) => remedy).join(' '),
  });
}
