#!/usr/bin/env node
import { exitCode } from '../../models/error.js';
import { reasonOf } from '../files.js';
import { report, runCli } from './program.js';

// A reader that closes early (head, less) ends the output, not the work: a file may still be on its way to the disk.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout)
      process.stderr.write(`error: cannot write the output: ${reasonOf(error)}\n`);
    process.exit(exitCode.failure);
  });
// An error that no command waited for, of a worker or a socket say, is told like any other.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => process.exit(report(error, process.argv.includes('--verbose'))));
process.exitCode = await runCli(process.argv);
