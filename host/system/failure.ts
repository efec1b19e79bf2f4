import { exitCode, SpikeletError } from '../../models/error.js';

/** An error as it crosses threads, where its class is lost. */
export type Failure = { message: string; hint?: string; code: number };

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SpikeletError)) return { message, code: exitCode.failure };
  return { message, code: error.code, ...(error.hint ? { hint: error.hint } : {}) };
}

export const failureError = ({ message, ...options }: Failure): SpikeletError =>
  new SpikeletError(message, options);
