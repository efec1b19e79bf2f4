/** Requests of firmware-gen/shell/requests.h, where their payloads are described. */
export const request = { hello: 1, input: 2, infer: 3, logits: 4, notes: 5, memory: 6, reset: 7 } as const;

/** The name of a request's kind, or of an answer's; undefined: it is none. */
export function requestName(kind: number): string | undefined {
  return Object.entries(request).find(([, code]) => code === (kind & 0x7f))?.[0];
}
