import { imagenetClasses } from '../data/labels.js';
import { type Imported, type ImportOptions, importFile, importNet } from '../import/index.js';

/**
 * Turns a checkpoint of PyTorch into a Net, without Python: .safetensors, or torch.save in either of its formats. Nothing
 * in it is run. What it does not tell is taken from `options`, else assumed, and said in `notes`.
 * @param checkpoint Its path (or that of the index of one in several files), or its bytes.
 * @param options Heads, levels, input shape, mean, std and classes; `label` names bytes in errors.
 * @throws SpikeletError where the file is damaged, wants to run code, or holds no architecture that spikelet knows.
 */
export async function importCheckpoint(
  checkpoint: string | Uint8Array,
  { label = 'the checkpoint', ...options }: ImportOptions & { label?: string } = {},
): Promise<Imported> {
  const { net, notes } =
    typeof checkpoint === 'string'
      ? await importFile(checkpoint, options)
      : importNet(checkpoint, label, options);
  if (options.classes || net.classes.length !== 1000) return { net, notes };
  const said: string[] = [];
  const classes = await imagenetClasses((line) => said.push(line));
  return { net: { ...net, classes }, notes: [...notes, ...said] };
}
