/**
 * The op set: every op's name, attributes and meaning. Tables keyed by `OpName` (shape rules, gradient rules, ONNX forms, evaluators)
 * are typed to be complete, so an op without a rule does not compile.
 *
 * Shapes: `...` any leading axes; binary ops broadcast as NumPy does.
 */
import type { DType, Shape } from './ir.ts';

export interface OpAttributes {
  /** A literal; `data` is row-major and as long as `shape` says, or one number that fills it. */
  constant: { dtype: DType; shape: Shape; data: readonly number[] | Float32Array | Int32Array | number };

  // Elementwise, two operands with broadcasting.
  add: None;
  sub: None;
  mul: None;
  div: None;
  /** At ties the gradient goes to the first operand. */
  min: None;
  max: None;
  /** bool results, no gradient. */
  less: None;
  greater: None;
  equal: None;
  /** where(condition, a, b). */
  where: None;

  // Elementwise, one operand.
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  reciprocal: None;
  sigmoid: None;
  tanh: None;
  /** swiglu(gate, up) of one shape: gate · sigmoid(gate) · up. */
  swiglu: None;
  /** Clamp to [low, high]; gradient 1 inside (ends included), 0 outside. */
  clamp: { low: number; high: number };
  cast: { to: DType };
  /** Identity whose gradient is zero. */
  stopGradient: None;

  // Reductions. `axes` are non-negative; kept axes have size 1.
  reduceSum: { axes: readonly number[]; keepDims: boolean };
  reduceMean: { axes: readonly number[]; keepDims: boolean };
  /** No gradient. */
  reduceMax: { axes: readonly number[]; keepDims: boolean };

  // Shape.
  reshape: { shape: Shape };
  transpose: { permutation: readonly number[] };
  concat: { axis: number };
  /** Elements [start, end) of one axis. */
  slice: { axis: number; start: number; end: number };
  /** Consecutive parts of one axis; as many outputs as sizes. */
  split: { axis: number; sizes: readonly number[] };
  /** Broadcast to a larger shape. */
  expand: { shape: Shape };

  // Indexing.
  /** rows(table [R, ...], indices i32 [...]) → [...indices, ...]: gather on axis 0. */
  gatherRows: None;
  /** scatterAddRows(indices i32 [N], updates [N, ...]) → [rows, ...]: zeros plus every update added at its row. */
  scatterAddRows: { rows: number };
  /** pick(x [N, V], indices i32 [N]) → [N]: one element a row. */
  pick: None;
  /** unpick(g [N], indices i32 [N]) → [N, width]: zeros but for g at the index; the adjoint of pick. */
  unpick: { width: number };

  // Linear algebra.
  /** Batched product over the last two axes; leading axes must be equal (no broadcasting). Result is alpha · op(a) · op(b). */
  matmul: { transposeA: boolean; transposeB: boolean; alpha: number };
  /** alpha · op(a) · op(b) + c over matrices; c is optional: full [M, N] or a row [N]. */
  gemm: { transposeA: boolean; transposeB: boolean; alpha: number };

  // Normalization and attention.
  /** Over the last axis. */
  softmax: None;
  logSoftmax: None;
  /**
   * rmsNorm(x [..., d], weight [d]) → (x / rms · weight, 1 / rms [..., 1]) with rms = sqrt(mean(x²) + epsilon).
   * The second output takes no gradient: it is there for the backward rule.
   */
  rmsNorm: { epsilon: number };
  /**
   * rope(x [B, heads, S, hd], cos [P, hd/2], sin [P, hd/2], positions i32 [B, S]) → same shape.
   * Half-split rotation as in Hugging Face: pairs (i, i + hd/2) of each head turn by the angle of their position.
   * The tables take no gradient.
   */
  rope: None;
  /**
   * attention(q [Z, M, hd], k [Z, S, hd], v [Z, S, hd], mask [M, S] or [Z, M, S], additive) → (out [Z, M, hd], probabilities [Z, M, S]).
   * The second output takes no gradient: it is there for the backward rule. The mask takes none either.
   */
  attention: { scale: number };

  // No gradient.
  /** Index of the largest element of the last axis, i32; the first at ties. */
  argMax: None;
  /** Running sum along the last axis. */
  cumSum: None;
}

type None = Readonly<Record<string, never>>;

export type OpName = keyof OpAttributes;
