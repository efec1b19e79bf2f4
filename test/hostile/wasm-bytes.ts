/** A WebAssembly module as its sections, and put together from them. */
export type Section = { id: number; body: Uint8Array };

/** LEB128, unsigned. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

export function unleb(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++]!;
    value += (byte & 127) * shift;
    if (byte < 128) return { value, next: at };
  }
}

export function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = 8; at < module.length; ) {
    const id = module[at]!;
    const { value, next } = unleb(module, at + 1);
    sections.push({ id, body: module.slice(next, next + value) });
    at = next + value;
  }
  return sections;
}

export const moduleOf = (sections: Section[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      ...sections.flatMap(({ id, body }) => [Uint8Array.of(id, ...leb(body.length)), body]),
    ]),
  );

/** A custom section's name and contents. */
export function customOf(body: Uint8Array): { name: string; contents: Uint8Array } {
  const { value, next } = unleb(body, 0);
  return {
    name: Buffer.from(body.subarray(next, next + value)).toString(),
    contents: body.subarray(next + value),
  };
}

export const custom = (name: string, contents: Uint8Array): Section => ({
  id: 0,
  body: new Uint8Array(Buffer.concat([Uint8Array.from(leb(name.length)), Buffer.from(name), contents])),
});

/** The functions' bodies of a code section, without their sizes. */
export function bodiesOf(code: Uint8Array): Uint8Array[] {
  const { value: count, next } = unleb(code, 0);
  const bodies: Uint8Array[] = [];
  for (let at = next, i = 0; i < count; i++) {
    const { value, next: start } = unleb(code, at);
    bodies.push(code.slice(start, start + value));
    at = start + value;
  }
  return bodies;
}

export const codeOf = (bodies: Uint8Array[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Uint8Array.from(leb(bodies.length)),
      ...bodies.flatMap((body) => [Uint8Array.from(leb(body.length)), body]),
    ]),
  );

/** Where a body's instructions begin, behind its locals. */
export function afterLocals(body: Uint8Array): number {
  let { value: groups, next } = unleb(body, 0);
  for (; groups; groups--) next = unleb(body, next).next + 1;
  return next;
}
