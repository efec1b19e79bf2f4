/**
 * Text of a file or a device for one line, of a terminal or of generated code: ? for all but printable ASCII.
 */
export const ascii = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
