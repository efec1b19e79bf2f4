#!/usr/bin/env node
import { exitCode } from '../../models/error.js';
import { reasonOf } from '../system/files.js';

// A reader that closes early (head, less) ends the output, not the work: a file may still be on its way to the disk.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout)
      process.stderr.write(`error: cannot write the output: ${reasonOf(error)}\n`);
    process.exit(exitCode.failure);
  });
// Loaded here: on a machine that lets no more files be opened, even that fails.
const { report, runCli } = await import('./program.js').catch((error: unknown) => {
  if (process.argv.includes('--verbose')) throw error;
  process.stderr.write(
    `error: spikelet cannot be loaded: ${reasonOf(error)}\nhint: install it again, or let more files be opened: ulimit -n 1024\n`,
  );
  return process.exit(exitCode.failure);
});
// An error that no command waited for, of a worker or a socket say, is told like any other.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => process.exit(report(error, process.argv.includes('--verbose'))));
process.exitCode = await runCli(process.argv);
