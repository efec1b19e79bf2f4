/** A stranger's text, of a file or a device, for one line: it must not control the terminal. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
