import type { WasmModel } from '../../host/wasm/load.js';
import type { PlannedModel } from '../../wasm/plan-model.js';

/** Address behind the last byte that a module writes at or behind its arena, whatever was there before. */
export function lastWritten(model: WasmModel, pixels: Int8Array): number {
  const [arena] = model.description.arena;
  const memory = new Uint8Array(model.memory.buffer);
  // A byte that keeps two different patterns was never written.
  const ends = [0xa5, 0x5a].map((pattern) => {
    memory.fill(pattern, arena);
    model.infer(pixels);
    let end = memory.length;
    while (end > arena && memory[end - 1] === pattern) end--;
    return end;
  });
  return Math.max(...ends);
}

/**
 * Address behind the last byte that the plan says is written for sure: of tensors, of what nodes keep, of
 * constants that are fetched. How much of a stream is written depends on the spikes.
 */
export function lastPlanned(
  { description }: WasmModel,
  { plan: { buffers, scratch, kept, choices }, graph }: PlannedModel,
): number {
  const fetched = [...scratch]
    .filter(([index]) => choices.fetches.has(graph.nodes[index]!.name))
    .map(([, memory]) => memory);
  const ends = [...buffers.values(), ...kept.values(), ...fetched].map(({ offset, bytes }) => offset + bytes);
  return description.arena[0] + Math.max(...ends);
}
