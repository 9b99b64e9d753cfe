/** Cases of every op, complete by type: an op without a case does not compile. */
import type { OpName } from '../../../backend/graph/ops.ts';
import { elementwiseCases } from './cases/elementwise.ts';
import { indexingCases } from './cases/indexing.ts';
import { linearCases } from './cases/linear.ts';
import { normalizationCases } from './cases/normalization.ts';
import type { Cases } from './cases/opCase.ts';
import { reductionCases } from './cases/reduction.ts';
import { shapingCases } from './cases/shaping.ts';

export const opCases: Cases<OpName> = {
  ...elementwiseCases,
  ...reductionCases,
  ...shapingCases,
  ...indexingCases,
  ...linearCases,
  ...normalizationCases,
};
