import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Task } from './engines/engine.js';
import type { Answer, Request } from './worker.js';

type Of<K extends Answer['kind']> = Extract<Answer, { kind: K }>;

/** An engine in its process. */
export type Contestant = {
  loaded: Of<'loaded'>;
  run(image: number, repeats: number): Promise<Of<'ran'>>;
  stop(): void;
};

/**
 * Starts a process, of another Node if its path is given, and loads the model in it. Rejects with the
 * engine's own words where it cannot.
 */
export async function startContestant(task: Task, node = process.execPath): Promise<Contestant> {
  const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), {
    execPath: node,
    serialization: 'advanced',
    // What engines print is not a result.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = (said + text).slice(-2000);
  });
  const ask = async <K extends Answer['kind']>(request: Request): Promise<Of<K>> => {
    const reply = await exchange(child, request, () => said);
    if (reply.kind === 'failed') throw new Error(reply.message);
    return reply as Of<K>;
  };
  const stop = () => void child.kill();
  try {
    const loaded = await ask<'loaded'>({ kind: 'load', task });
    return { loaded, stop, run: (image, repeats) => ask<'ran'>({ kind: 'run', image, repeats }) };
  } catch (error) {
    stop();
    throw error;
  }
}

function exchange(child: ChildProcess, request: Request, said: () => string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const done = () => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (message: unknown) => {
      done();
      resolve(message as Answer);
    };
    const onExit = (code: number | null) => {
      done();
      reject(new Error(`its process ended with code ${code}: ${said().trim().split('\n').at(-1) ?? ''}`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(request);
  });
}
