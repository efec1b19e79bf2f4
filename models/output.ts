/**
 * A file that a backend made; only the command line writes files. `path` is relative, with forward slashes.
 */
export type OutputFile = { path: string; contents: string | Uint8Array };
