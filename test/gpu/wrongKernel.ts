/**
 * A child of the tests: checks WebGPU with norms in the form for the CPU, whose second result WebGPU's kernel leaves undefined without a word,
 * and prints what the check says.
 */
import { providerCheck } from '../../backend/engine/local/providerCheck.ts';
import type { Forms } from '../../backend/graph/onnx/forms.ts';
import { fusedForms } from '../../backend/graph/onnx/fusedForms.ts';
import { portableForms } from '../../backend/graph/onnx/portableForms.ts';

(portableForms as { -readonly [K in keyof Forms]: Forms[K] }).rmsNorm = fusedForms.rmsNorm;
console.log(JSON.stringify(await providerCheck({ threads: 1, provider: 'webgpu' })));
