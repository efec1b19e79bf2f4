import { cIdentifiers } from '../../models/text/c.js';

/** Names that the printed files or the compiler use. */
const taken = 'arena main given busy u8 u16 u32 i8 i16 i32 memcpy memset memmove memcmp'.split(' ');

/** Gives each name a unique identifier that is not in `used`. */
export const uniqueIdentifiers = (names: string[], used: string[] = []): string[] =>
  cIdentifiers(names, [...taken, ...used]);

/** `assembly/ends/fireRun<i16,i16>` is `fireRun<i16,i16>`: files are not part of names in C. */
export const withoutFolder = (name: string): string => name.replace(/^[\w~-]+(\/[\w~-]+)*\//, '');

/** `left|12`, the thirteenth value that was called `left`, is `left`. */
export const withoutNumber = (name: string): string => name.replace(/\|\d+$/, '');
