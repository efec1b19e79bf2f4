import { join } from 'node:path';

/** What a verb is tried with, in a folder that writeExample() filled. All that it writes goes into `out/`. */
export type Tried = {
  name: string;
  args: string[];
  /**
   * How it goes on after it was stopped, where that is another command; it is left out where the file is not
   * there yet.
   */
  resume?: { args: string[]; needs: string };
  /** Output that tells times or paths, so that two runs of it differ. */
  varies?: RegExp;
};

const out = (name: string): string => join('out', name);

export const tried: Tried[] = [
  {
    name: 'quantize',
    args: ['quantize', 'net.safetensors', '--data', 'idx=data', '--out', out('graph.safetensors')],
  },
  { name: 'build', args: ['build', 'graph.safetensors', '--target', 'wasm', '--out', out('built')] },
  {
    name: 'build firmware',
    args: [
      'build',
      'graph.safetensors',
      '--target',
      'firmware',
      '--board',
      'rp2040',
      '--out',
      out('firmware'),
    ],
  },
  {
    name: 'run FOLDER',
    args: ['run', 'graph.safetensors', '--input', 'images', '--results', out('results.jsonl')],
  },
  {
    name: 'flash --out',
    args: ['flash', 'firmware.bin', '--board', 'rp2040', '--out', out('firmware.uf2')],
  },
  {
    name: 'explore',
    args: [
      ...['explore', 'graph.safetensors', '--board', 'icebreaker', '--measure', '0', '--out', out('space')],
    ],
  },
  {
    name: 'train',
    args: [
      ...[
        'train',
        '--data',
        'idx=data',
        '--model',
        'mini',
        '--widths',
        '4,8',
        '--epochs',
        '3',
        '--batch',
        '10',
      ],
      ...['--backend', 'wasm', '--out', out('net.safetensors')],
    ],
    resume: {
      args: [
        ...['train', '--data', 'idx=data', '--resume', out('net.checkpoint.safetensors')],
        ...['--backend', 'wasm', '--out', out('net.safetensors')],
      ],
      needs: out('net.checkpoint.safetensors'),
    },
  },
];
