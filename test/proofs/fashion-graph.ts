import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadGraph } from '../../host/cli/load.js';
import { loadDataset } from '../../host/data/index.js';
import { type Graph, pixelTable, rawImage, rawToPixels } from '../../models/index.js';
import { shared } from '../shared.js';
import { folder, result } from './cli.js';

/** Fashion-MNIST, as --data has it. Ends the process where it is absent. */
export function fashionSpec(): string {
  const data = shared('data/fashion-mnist');
  if (data) return `fashion-mnist=${data}`;
  console.log('skipped: ../shared/data/fashion-mnist is absent');
  process.exit();
}

/**
 * A trained Fashion-MNIST graph and the pixels of the first test images: the file on the command line, or the
 * reference's trained net of the tiny class at 8 bits. Ends the process where the data is absent.
 */
export async function fashionGraph(count: number): Promise<{ graph: Graph; images: Int8Array[] }> {
  const spec = fashionSpec();
  const checkpoint = shared('vectors/fashion-sfa/model.safetensors');
  if (!checkpoint) {
    console.log('skipped: ../shared/vectors/fashion-sfa is absent');
    process.exit();
  }
  const path = process.argv[2] ?? join(folder, 'fashion-sfa.graph.safetensors');
  if (!existsSync(path)) {
    const net = join(folder, 'fashion-sfa.safetensors');
    const { mean, std } = await loadDataset(spec);
    await result(
      ...[
        'import',
        checkpoint,
        '--input',
        '28,28,1',
        '--mean',
        String(mean),
        '--std',
        String(std),
        '--out',
        net,
      ],
    );
    await result('quantize', net, '--data', spec, '--bits', '8', '--out', path);
  }
  const graph = await loadGraph(path);
  const { test, shape } = await loadDataset(spec);
  const table = pixelTable(graph);
  const images = Array.from({ length: count }, (_, i) => rawToPixels(table, rawImage(test, shape, i)));
  return { graph, images };
}
