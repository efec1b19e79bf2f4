/** Requests to the firmware; firmware-gen/shell/requests.h describes their payloads. */
export const request = { hello: 1, input: 2, infer: 3, logits: 4, notes: 5, memory: 6, reset: 7 } as const;

/** The name of a request's or an answer's kind; undefined if it is unknown. */
export function requestName(kind: number): string | undefined {
  return Object.entries(request).find(([, code]) => code === (kind & 0x7f))?.[0];
}
