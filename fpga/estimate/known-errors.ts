import type { Graph } from '../../models/graph.js';
import type { Architecture } from '../emit/index.js';
import { sequentialOp } from '../ops/index.js';
import { errors } from './errors.js';

/** Kinds of designs whose estimates differ in accuracy. `attention`: sequential, on a net with attention. */
export const designKinds = ['sequential', 'attention', 'streaming'] as const;
export type DesignKind = (typeof designKinds)[number];

/** Estimated values, by column name. */
export const estimatedValues = ['LUT', 'LC', 'cycles', 'MHz'] as const;
export type EstimatedValue = (typeof estimatedValues)[number];

/** estimated / measured - 1 over `designs`: its mean magnitude, and the largest with its sign if known. */
export type EstimateError = { designs: number; mean: number; worst?: number };

/** Errors on designs that were not in the fit; a value that was not measured for any of them is absent. */
export type EstimateErrors = Record<DesignKind, Partial<Record<EstimatedValue, EstimateError>>>;

export function kindOf(architecture: Architecture, { nodes }: Pick<Graph, 'nodes'>): DesignKind {
  if (architecture === 'streaming') return 'streaming';
  return nodes.map((node) => sequentialOp(node).estimatedAs).find(Boolean) ?? 'sequential';
}

const percent = (share: number): string => `${(100 * Math.abs(share)).toFixed(0)} %`;

function told(what: string, { designs, mean, worst }: EstimateError): string {
  const most = worst === undefined ? '' : `, at worst ${percent(worst)} too ${worst < 0 ? 'low' : 'high'}`;
  return `~${what} ${percent(mean)}${most} (${designs})`;
}

/** Accuracy of the estimates: a line for each kind of design among those of `graphs`. */
export function knownErrors(architectures: ReadonlySet<Architecture>, graphs: Graph[]): string[] {
  const kinds = new Set(
    [...architectures].flatMap((architecture) => graphs.map((graph) => kindOf(architecture, graph))),
  );
  return designKinds
    .filter((kind) => kinds.has(kind))
    .map((kind) => {
      const known = estimatedValues.flatMap((what) => {
        const error = errors[kind][what];
        return error ? [told(what, error)] : [];
      });
      return known.length
        ? `${kind}: mean error of estimates of designs that the fit did not know: ${known.join('; ')}`
        : `${kind}: no design was measured to compare its estimates with`;
    });
}
