/** Reference of matrix products. */
import { sameShape, sizeOf } from '../ir.ts';
import type { OpAttributes } from '../ops.ts';
import type { LinearOp } from '../ops/linear.ts';
import { at, check, fill, grow, type Kernels, size, type Tensor } from './tensor.ts';

/** alpha · op(a) · op(b) over the last two axes, for each index of the leading ones. */
export function product(a: Tensor, b: Tensor, { transposeA, transposeB, alpha }: OpAttributes['matmul']): Tensor {
  const described = `f32[${a.shape.join(',')}]${transposeA ? 'ᵀ' : ''} · f32[${b.shape.join(',')}]${transposeB ? 'ᵀ' : ''}`;
  check(a.dtype === 'f32' && b.dtype === 'f32' && a.shape.length >= 2 && sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), described);
  const rank = a.shape.length;
  const [aRows, aColumns] = [size(a.shape, rank - 2), size(a.shape, rank - 1)];
  const [bRows, bColumns] = [size(b.shape, rank - 2), size(b.shape, rank - 1)];
  const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [innerOfB, columns] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  check(inner === innerOfB, `${described}: inner sizes ${inner} and ${innerOfB} differ`);
  return fill('f32', [...a.shape.slice(0, -2), rows, columns], (i) => {
    const batch = Math.floor(i / (rows * columns));
    const row = Math.floor(i / columns) % rows;
    const column = i % columns;
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      const left = batch * sizeOf([aRows, aColumns]) + (transposeA ? k * aColumns + row : row * aColumns + k);
      const right = batch * sizeOf([bRows, bColumns]) + (transposeB ? column * bColumns + k : k * bColumns + column);
      sum += at(a.data, left) * at(b.data, right);
    }
    return alpha * sum;
  });
}

export const linear: Kernels<LinearOp> = {
  matmul: (attributes, a, b) => [product(a, b, attributes)],
  gemm: (attributes, a, b, ...[c]) => {
    check(a.shape.length === 2, 'a must be a matrix');
    const ab = product(a, b, attributes);
    if (c === undefined) return [ab];
    const fits = sameShape(c.shape, ab.shape) || sameShape(c.shape, ab.shape.slice(1));
    check(fits, `c [${c.shape.join(',')}] is neither [${ab.shape.join(',')}] nor a row of it`);
    const added = grow(c, ab.shape);
    return [fill('f32', ab.shape, (i) => at(ab.data, i) + at(added.data, i))];
  },
};
