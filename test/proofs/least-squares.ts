import type { Terms } from '../../fpga/estimate/features.js';

/** One measured value and the terms that add up to it. */
export type Equation = { terms: Terms; value: number };

/**
 * Coefficients, none negative, that explain measured values best: least squares of the relative errors, by
 * descent along one coefficient after the other.
 */
export function leastSquares(equations: Equation[]): Terms {
  const used = equations.filter(({ value }) => value > 0);
  const names = [...new Set(used.flatMap(({ terms }) => Object.keys(terms)))].filter((name) =>
    used.some(({ terms }) => terms[name]),
  );
  const columns = names.map((name) => used.map(({ terms, value }) => (terms[name] ?? 0) / value));
  const coefficients = names.map(() => 0);
  const left = used.map(() => 1);
  for (let round = 0; round < 20_000; round++)
    columns.forEach((column, i) => {
      const square = column.reduce((sum, a) => sum + a * a, 0);
      const gradient = column.reduce((sum, a, row) => sum + a * left[row]!, 0);
      const next = Math.max(0, coefficients[i]! + gradient / square);
      const step = next - coefficients[i]!;
      if (step === 0) return;
      coefficients[i] = next;
      column.forEach((a, row) => {
        left[row]! -= a * step;
      });
    });
  return Object.fromEntries(names.map((name, i) => [name, Number(coefficients[i]!.toPrecision(5))]));
}
