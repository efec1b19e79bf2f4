import type { Activity } from '../models/graph.js';
import type { Values } from '../models/ops/op.js';

/** Mean magnitude and share of non-zero values of one tensor over the calibration images. */
export function activityOf(samples: Values[]): Activity {
  let [sum, nonZero, count] = [0, 0, 0];
  for (const values of samples) {
    count += values.length;
    for (let i = 0; i < values.length; i++) {
      sum += Math.abs(values[i]!);
      if (values[i] !== 0) nonZero++;
    }
  }
  return { rate: sum / count, density: nonZero / count };
}
