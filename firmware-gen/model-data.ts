import {
  bytesPerValue,
  crc32,
  definition,
  outputOf,
  pixelTable,
  SpikeletError,
  writeGraph,
} from '../models/index.js';
import { constantFields } from '../wasm/constants.js';
import { frontEndLayer } from '../wasm/front-end.js';
import { nodeRecord } from '../wasm/node-record.js';
import type { PlannedModel } from '../wasm/plan-model.js';
import type { FirmwareLayer, ModelData } from './model/index.js';
import { DEFAULT_PREFIX } from './prefix.js';

/**
 * Throws a SpikeletError if a model was not planned for firmware: with the swar tier and its weights inside.
 */
export function requireFirmwarePlan({ graph, tier, weights }: PlannedModel): void {
  if (tier !== 'swar' || weights !== 'inside')
    throw new SpikeletError(`graph '${graph.name}' was planned for a host, not for firmware`, {
      hint: "plan it with the tier 'swar' and its weights inside",
    });
}

/** Everything that a model's C is printed from, except its code. `functionOf`: from emitSource. */
export function modelData(
  planned: PlannedModel,
  functionOf: number[] = [],
  prefix = DEFAULT_PREFIX,
): ModelData {
  const { graph, plan, layers } = planned;
  const [rows, columns, channels] = graph.tensors['input']!.shape;
  const frontEnd = frontEndLayer(graph.frontEnd);
  const producer = new Map(graph.nodes.map((node, i) => [node.output, i]));
  return {
    name: graph.name,
    prefix,
    graphCrc: crc32(writeGraph(graph)),
    input: { rows, columns, channels },
    classes: graph.classes,
    logitScale: graph.tensors[outputOf(graph)]!.scale,
    pixelTable: pixelTable(graph),
    arenaBytes: plan.arenaBytes,
    weightBytes: layers.reduce((sum, { constants }) => sum + constants.weightBytes, 0),
    inputOffset: plan.buffers.get('input')!.offset,
    ...(frontEnd ? { frontEnd } : {}),
    steps: plan.steps,
    layers: graph.nodes.map((node, i): FirmwareLayer => {
      const { constants } = layers[i]!;
      const { bytes, fields, types, blockBytes, tiles } = constants;
      const { type, shape } = graph.tensors[node.output]!;
      const { offset, rows: ring, rowBytes, packed } = plan.buffers.get(node.output)!;
      return {
        name: node.name,
        record: nodeRecord(graph, plan, i, {
          layer: functionOf[i] ?? 0,
          constants,
          fetched: false,
          source: 0,
        }),
        constants: {
          bytes,
          arrays: constantFields
            .filter((field) => fields[field] !== undefined)
            .map((field) => ({ name: field, type: types[field]!, offset: fields[field]! })),
          blockBytes,
          tiles,
        },
        output: {
          offset,
          ring,
          height: shape[0],
          columns: shape[1],
          channels: shape[2],
          rowBytes,
          bits: packed ? 4 : ((bytesPerValue(type) * 8) as 8 | 16 | 32),
        },
        reads: definition(node)
          .inputs(node)
          .map((name) => producer.get(name) ?? -1),
      };
    }),
  };
}
