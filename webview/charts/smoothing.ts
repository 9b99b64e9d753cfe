/** Smoothing of curves. */

/**
 * Exponential moving average, y_i = Σ w^(i−j) x_j / Σ w^(i−j) over the known x_j (j ≤ i): no bias towards 0 at the start. Weight 0 changes nothing.
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let norm = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + value;
    norm = weight * norm + 1;
    return sum / norm;
  });
}
