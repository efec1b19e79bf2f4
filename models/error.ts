/** Exit codes of the command line, by meaning. */
export const exitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  device: 3,
  differs: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/**
 * An error meant for a person: `message` says what failed and where, `hint` what to do next. Anything else
 * that is thrown is a bug in spikelet.
 */
export class SpikeletError extends Error {
  readonly hint: string | undefined;
  readonly code: number;
  /** The message without its further lines. */
  readonly headline: string;
  /** Further lines: what a compiler said, a list of what is wrong. */
  readonly lines: string[];
  constructor(
    message: string,
    options: { hint?: string; code?: number; cause?: unknown; lines?: string[] } = {},
  ) {
    super(
      [message, ...(options.lines ?? [])].join('\n  '),
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.name = 'SpikeletError';
    this.headline = message;
    this.lines = options.lines ?? [];
    this.hint = options.hint;
    this.code = options.code ?? exitCode.failure;
  }
}

/** Runs `body`; a SpikeletError from it begins with `label`, for example a file's path. */
export function labelled<T>(label: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof SpikeletError)) throw error;
    const { headline, lines, hint, code } = error;
    throw new SpikeletError(`${label}: ${headline}`, {
      ...(hint ? { hint } : {}),
      code,
      lines,
      cause: error,
    });
  }
}
