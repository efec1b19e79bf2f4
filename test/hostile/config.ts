import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../host/cli/program.js';
import { exitCode } from '../../models/index.js';
import { below, pick } from '../support/random-graph.js';
import { damaged, hostileJson } from './mutate.js';
import type { Reader } from './reader.js';

/** The configuration as JSON, as a verb takes it: every option's own parser meets what the file says. */
const FILE = 'spikelet.config.json';
const config = {
  quantize: { bits: 8, samples: 16, data: 'gestures', out: 'out.graph.safetensors', seed: 1 },
  build: { target: 'wasm', out: 'built', tier: 'simd', threads: 2, ram: '384k' },
  verify: { against: 'wasm', count: 4, data: 'gestures' },
  run: { threads: 2, labels: 'labels.txt', results: 'results.jsonl' },
  profile: { count: 3, board: 'mps2-an386', baud: 115200 },
};

/** Runs a verb here and returns its exit code and what it says; the process's own streams stay silent. */
async function quietly(args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const { write } = process.stderr;
  const out = process.stdout.write;
  process.stdout.write = () => true;
  process.stderr.write = (text: string | Uint8Array) => {
    said += String(text);
    return true;
  };
  try {
    return { code: await runCli(['node', 'spikelet', ...args]), said };
  } finally {
    process.stderr.write = write;
    process.stdout.write = out;
  }
}

export const configReader: Reader = {
  name: 'configuration (JSON)',
  parts: 2,
  async open(folder) {
    process.chdir(folder);
    const verbs = Object.keys(config) as (keyof typeof config)[];
    const whole = new Uint8Array(Buffer.from(JSON.stringify(config)));
    return {
      input: (random) => {
        const verb = below(random, verbs.length);
        const text = below(random, 5)
          ? new Uint8Array(
              Buffer.from(
                hostileJson(below(random, 2) ? config : { [verbs[verb]!]: config[verbs[verb]!] }, random),
              ),
            )
          : damaged(whole, random);
        return new Uint8Array(Buffer.concat([Uint8Array.of(verb), text]));
      },
      async read(bytes) {
        writeFileSync(join(folder, FILE), bytes.subarray(1));
        const verb = pick(() => (bytes[0]! % verbs.length) / verbs.length, verbs);
        // The model is not there: whatever the file says, the verb ends before it does anything.
        const { code, said } = await quietly([verb, 'no-such-model.safetensors']);
        if (said.includes('spikelet itself failed') || /\n\s+at .*:\d+:\d+/.test(said)) throw new Error(said);
        if (code !== exitCode.failure && code !== exitCode.usage)
          throw new Error(`exit code ${code}: ${said}`);
        if (!/^error: .+\nhint: /m.test(said) && code === exitCode.failure)
          throw new Error(`no error: ${said}`);
        return code;
      },
    };
  },
};
