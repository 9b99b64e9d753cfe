/** The standard forms, rewritten where execution providers for GPUs lack an operator: what they lack runs on the CPU, and its operands travel. */
import { type Forms, input, output, standardForms } from './forms.ts';
import { int } from './proto.ts';

export const portableForms: Forms = {
  ...standardForms,

  // WebGPU has no LogSoftmax: the logits would go to the CPU and back in every run.
  logSoftmax: (writer, call) => {
    const { name, shape } = input(call, 0);
    const lastAxis = writer.ints([shape.length - 1]);
    const below = writer.temporary('Sub', [name, writer.temporary('ReduceMax', [name, lastAxis], { keepdims: int(1) })]);
    const mass = writer.temporary('ReduceSum', [writer.temporary('Exp', [below]), lastAxis], { keepdims: int(1) });
    writer.emit('Sub', [below, writer.temporary('Log', [mass])], [output(call).name]);
  },
};
