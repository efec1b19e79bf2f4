import { printable } from '../printable.js';
import { type Bytes, DAMAGED, REPACK, UNDEFINED } from './bytes.js';

/** A message of an object's header: its type and where its data is. */
export type Message = { type: number; at: number; size: number };

const SIGNATURE = '\x89HDF\r\n\x1a\n';
const CONTINUATION = 0x10;
const SYMBOL_TABLE = 0x11;
/** Far more than data sets have. */
const MAX_OBJECTS = 100_000;
const MAX_MESSAGES = 10_000;
const MAX_DEPTH = 16;

export const isHdf5 = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(0, 8)) === SIGNATURE;

/**
 * The datasets of a file by their paths (`spikes/times`), each as the messages of its header. Files of
 * the oldest and most usual form (superblock 0 and 1, version-1 headers, symbol tables), as h5py writes them by default.
 * @throws SpikeletError for newer forms, by name, and for links that lead in a circle.
 */
export function objectsOf(file: Bytes): Map<string, Message[]> {
  const version = file.u8(8);
  if (version > 1) return file.refuse(`its superblock is of version ${version}; 0 and 1 are read`, REPACK);
  if (file.u8(13) !== 8 || file.u8(14) !== 8) return file.refuse('its addresses are not of 8 bytes', REPACK);
  const base = 24 + 4 * version;
  if (file.length(base) !== 0) return file.refuse('it does not begin at its first byte', REPACK);
  const objects = new Map<string, Message[]>();
  const visited = new Set<number>();
  const visit = (address: number, path: string, depth: number): void => {
    if (visited.has(address)) return;
    visited.add(address);
    if (visited.size > MAX_OBJECTS || depth > MAX_DEPTH)
      file.refuse(`it holds more than ${MAX_OBJECTS} objects, or groups ${MAX_DEPTH} deep`, DAMAGED);
    const messages = messagesOf(file, address);
    const table = messages.find(({ type }) => type === SYMBOL_TABLE);
    if (!table) {
      objects.set(path, messages);
      return;
    }
    for (const [name, child] of entriesOf(file, file.address(table.at), file.address(table.at + 8)))
      visit(child, path ? `${path}/${name}` : name, depth + 1);
  };
  visit(file.address(base + 40), '', 0);
  objects.delete('');
  return objects;
}

function messagesOf(file: Bytes, address: number): Message[] {
  if (String.fromCharCode(...file.slice(address, 4)) === 'OHDR')
    return file.refuse(`the object at byte ${address} has a header of version 2; 1 is read`, REPACK);
  if (file.u8(address) !== 1) return file.refuse(`an object header was expected at byte ${address}`, DAMAGED);
  const messages: Message[] = [];
  const blocks = [{ at: address + 16, size: file.u32(address + 8) }];
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    file.within(block.at, block.size);
    for (let at = block.at; at + 8 <= block.at + block.size; ) {
      const message = { type: file.u16(at), at: at + 8, size: file.u16(at + 2) };
      file.within(message.at, message.size);
      at = message.at + message.size;
      messages.push(message);
      if (messages.length > MAX_MESSAGES)
        return file.refuse(`the object at byte ${address} has more than ${MAX_MESSAGES} messages`, DAMAGED);
      if (message.type === CONTINUATION)
        blocks.push({ at: file.address(message.at), size: file.length(message.at + 8) });
    }
  }
  return messages;
}

/** Names and addresses of a group's members: a tree of nodes of symbols, whose names are in a heap. */
function entriesOf(file: Bytes, tree: number, heap: number): [name: string, address: number][] {
  file.sign(heap, 'HEAP');
  const names = file.address(heap + 24);
  const entries: [string, number][] = [];
  for (const node of leavesOf(file, tree, 0, 8).map(({ child }) => child)) {
    file.sign(node, 'SNOD');
    const count = file.u16(node + 6);
    for (let i = 0; i < count; i++) {
      const at = node + 8 + 40 * i;
      const name = file.text(names + file.length(at));
      if (file.u32(at + 16) === 2)
        file.refuse(`'${printable(name)}' is a link to another place`, 'copy what it leads to: h5repack');
      entries.push([name, file.address(at + 8)]);
    }
  }
  return entries;
}

/**
 * The leaves of a version-1 B-tree: where the key of each is, and what it leads to.
 * @param keyBytes of each key.
 */
export function leavesOf(
  file: Bytes,
  root: number,
  kind: 0 | 1,
  keyBytes: number,
): { key: number; child: number }[] {
  const leaves: { key: number; child: number }[] = [];
  const visited = new Set<number>();
  const visit = (node: number): void => {
    if (node === UNDEFINED) return;
    if (visited.has(node)) file.refuse(`the tree at byte ${root} leads in a circle`, DAMAGED);
    visited.add(node);
    file.sign(node, 'TREE');
    if (file.u8(node + 4) !== kind) file.refuse(`the tree at byte ${node} is of another kind`, DAMAGED);
    const level = file.u8(node + 5);
    const count = file.u16(node + 6);
    for (let i = 0; i < count; i++) {
      const key = node + 24 + i * (keyBytes + 8);
      const child = file.address(key + keyBytes);
      if (level) visit(child);
      else leaves.push({ key, child });
    }
  };
  visit(root);
  return leaves;
}
