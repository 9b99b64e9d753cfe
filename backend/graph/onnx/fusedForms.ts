/** Shorter forms with operators of ONNX Runtime's CPU provider; measured to save nodes and memory traffic, not accuracy. */
import { type Forms, input, names, output, standardForms } from './forms.ts';
import { microsoft, type ModelWriter } from './modelWriter.ts';
import { type Attributes, float, int } from './proto.ts';

interface Product {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
}

function productAttributes({ transposeA, transposeB, alpha }: Product): Attributes {
  return { alpha: float(alpha), transA: int(transposeA ? 1 : 0), transB: int(transposeB ? 1 : 0) };
}

export const fusedForms: Forms = {
  ...standardForms,

  swiglu: (writer, call) => {
    const silu = writer.temporary('QuickGelu', [input(call, 0).name], { alpha: float(1) }, microsoft);
    writer.emit('Mul', [silu, input(call, 1).name], [output(call).name]);
  },

  matmul: (writer, { inputs, outputs, attributes }) => {
    if (!attributes.transposeA && !attributes.transposeB && attributes.alpha === 1) writer.emit('MatMul', names(inputs), names(outputs));
    else writer.emit('FusedMatMul', names(inputs), names(outputs), productAttributes(attributes), microsoft);
  },

  // Registered by ONNX Runtime in the default domain, though no ONNX opset has it.
  rmsNorm: (writer, { inputs, outputs, attributes }) =>
    writer.emit('SimplifiedLayerNormalization', names(inputs), names(outputs), { axis: int(-1), epsilon: float(attributes.epsilon) }),

  rope: (writer, call) => {
    const [x, cos, sin, positions] = [input(call, 0), input(call, 1), input(call, 2), input(call, 3)];
    const [nPositions, time] = [cos.shape[0] as number, positions.shape[1] as number];
    // The operator refuses tables shorter than the sequence, even when every position is inside them.
    if (nPositions < time) return standardForms.rope(writer, call);
    const operands = [x.name, writer.asInt64(positions.name), cos.name, sin.name];
    writer.emit('RotaryEmbedding', operands, [output(call).name], { interleaved: int(0), num_heads: int(x.shape[1] as number) }, microsoft);
  },

  attention: (writer, call) => {
    const [q, k, v, mask] = [input(call, 0), input(call, 1), input(call, 2), input(call, 3)];
    const scores = scaledScores(writer, q.name, k.name, call.attributes.scale);
    const probabilities = output(call, 1).name;
    writer.emit('Softmax', [writer.temporary('Add', [scores, mask.name])], [probabilities], { axis: int(-1) });
    writer.emit('MatMul', [probabilities, v.name], [output(call).name]);
  },
};

function scaledScores(writer: ModelWriter, q: string, k: string, scale: number): string {
  return writer.temporary('FusedMatMul', [q, k], productAttributes({ transposeA: false, transposeB: true, alpha: scale }), microsoft);
}
