#!/usr/bin/env node
import { exitCode } from '../../models/error.js';
import { reasonOf } from '../system/files.js';

// If a reader such as head or less closes early, output stops but the work goes on: a file may still be being
// written.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout)
      process.stderr.write(`error: cannot write the output: ${reasonOf(error)}\n`);
    process.exit(exitCode.failure);
  });
// Imported here because even this fails on a machine that cannot open more files.
const { report, runCli } = await import('./program.js').catch((error: unknown) => {
  if (process.argv.includes('--verbose')) throw error;
  process.stderr.write(
    `error: spikelet cannot be loaded: ${reasonOf(error)}\nhint: install it again, or let more files be opened: ulimit -n 1024\n`,
  );
  return process.exit(exitCode.failure);
});
// Reports errors that no command awaited, such as those of a worker or a socket, like any other error.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => process.exit(report(error, process.argv.includes('--verbose'))));
process.exitCode = await runCli(process.argv);
