import type { Graph } from '../../models/graph.js';
import type { Architecture } from '../emit/index.js';
import { sequentialOp } from '../ops/index.js';
import { errors } from './errors.js';

/** Kinds of designs whose estimates are worth different things: `attention` is the sequential core on a net that has some. */
export const designKinds = ['sequential', 'attention', 'streaming'] as const;
export type DesignKind = (typeof designKinds)[number];

/** Estimated values, by the names of their columns. */
export const estimatedValues = ['LUT', 'LC', 'cycles', 'MHz'] as const;
export type EstimatedValue = (typeof estimatedValues)[number];

/** Of `designs`: estimated / measured - 1, its mean without sign and the largest with it, where that is known. */
export type EstimateError = { designs: number; mean: number; worst?: number };

/** Of designs that no fit knew when it estimated them; a value that was measured of none is absent. */
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

/** A line for each kind of design that is among those of `graphs`: what its estimates are worth. */
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
