import { spawn } from 'node:child_process';
import { test } from 'uvu';

test('passes and leaves a process that holds its output open', () => {
  const args = ['-e', 'setTimeout(() => undefined, 60_000)'];
  spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).unref();
});
test.run();
