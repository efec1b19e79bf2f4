const DIV = 25;
const FINAL_DIV = 1e4;

/**
 * Learning rate at `step` of `steps` under the one-cycle policy (Smith and Topin, arXiv 1708.07120) as in
 * torch.optim.lr_scheduler.OneCycleLR with cosine annealing: from max / 25 up to `max` in the first `warmUp`
 * of all steps, then down to max / 250,000. Adam's betas stay as they are (`cycle_momentum=False`).
 */
export function oneCycle(step: number, steps: number, max: number, warmUp: number): number {
  const top = warmUp * steps - 1;
  const start = max / DIV;
  if (step <= top) return anneal(start, max, top > 0 ? step / top : 1);
  return anneal(max, start / FINAL_DIV, Math.min(1, (step - top) / (steps - 1 - top)));
}

const anneal = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));

/** The firing penalty's strength at `step`: it grows linearly over the first 30 % of all steps. */
export const rampedPenalty = (step: number, steps: number, strength: number): number =>
  strength * Math.min(1, step / (0.3 * steps));
