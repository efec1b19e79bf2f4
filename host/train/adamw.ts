import type { Values } from './layout.js';

/** First and second moments of the gradients (torch: exp_avg, exp_avg_sq), by parameter. */
export type Adam = { first: Values; second: Values; steps: number };

const BETAS = [0.9, 0.999] as const;
const EPSILON = 1e-8;

/** Zero moments for all `names`. */
export const adamStart = (values: Values, names: string[]): Adam => {
  const zeros = (): Values =>
    new Map(
      names.map((name) => {
        const { shape, data } = values.get(name)!;
        return [name, { shape, data: new Float32Array(data.length) }];
      }),
    );
  return { first: zeros(), second: zeros(), steps: 0 };
};

/**
 * One step of torch.optim.AdamW, in place, over every parameter that `adam` has moments for (Loshchilov and
 * Hutter, arXiv 1711.05101): the weight decays by `learningRate * weightDecay`, independently of its
 * gradient. A missing gradient counts as 0.
 */
export function adamStep(
  values: Values,
  adam: Adam,
  gradients: Map<string, Float32Array>,
  { learningRate, weightDecay }: { learningRate: number; weightDecay: number },
): void {
  adam.steps++;
  const [beta1, beta2] = BETAS;
  const stepSize = learningRate / (1 - beta1 ** adam.steps);
  const rootCorrection = Math.sqrt(1 - beta2 ** adam.steps);
  const keep = 1 - learningRate * weightDecay;
  for (const [name, { data: m }] of adam.first) {
    const w = values.get(name)!.data;
    const v = adam.second.get(name)!.data;
    const gradient = gradients.get(name);
    for (let i = 0; i < w.length; i++) {
      const g = gradient ? gradient[i]! : 0;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      w[i] = keep * w[i]! - (stepSize * m[i]!) / (Math.sqrt(v[i]!) / rootCorrection + EPSILON);
    }
  }
}
