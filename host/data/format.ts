/**
 * The formats that are read. sharp's libraries know more, but each adds code that a hostile file can reach.
 */
export const formats = ['png', 'jpeg', 'webp'] as const;

export type Format = (typeof formats)[number];

/**
 * Suffixes by which files of these formats are found in a folder; the format itself is decided by the bytes.
 */
export const IMAGE_SUFFIX = /\.(png|jpe?g|jpe|jfif|jif|pjpe?g|pjp|webp)$/i;

/** How a file of a format begins; `at` is the offset of the text, default 0. */
const beginnings: { format: string; text: string; at?: number }[] = [
  { format: 'png', text: '\x89PNG\r\n\x1a\n' },
  { format: 'jpeg', text: '\xff\xd8\xff' },
  { format: 'webp', text: 'WEBP', at: 8 },
  { format: 'gif', text: 'GIF8' },
  { format: 'bmp', text: 'BM' },
  { format: 'tiff', text: 'II*\0' },
  { format: 'tiff', text: 'MM\0*' },
  { format: 'tiff (BigTIFF)', text: 'II+\0' },
  { format: 'tiff (BigTIFF)', text: 'MM\0+' },
  { format: 'heif (AVIF)', text: 'ftypavif', at: 4 },
  { format: 'heif (AVIF)', text: 'ftypavis', at: 4 },
  { format: 'heif (HEIC)', text: 'ftyphei', at: 4 },
  { format: 'heif (HEIC)', text: 'ftyphev', at: 4 },
  { format: 'heif', text: 'ftypmif1', at: 4 },
  { format: 'heif', text: 'ftypmsf1', at: 4 },
  { format: 'jxl', text: '\xff\x0a' },
  { format: 'jxl', text: 'JXL \r\n', at: 4 },
  { format: 'jp2', text: 'jP  \r\n', at: 4 },
  { format: 'jp2', text: '\xff\x4f\xff\x51' },
  { format: 'ico', text: '\0\0\x01\0' },
  { format: 'psd', text: '8BPS' },
  { format: 'exr', text: 'v/1\x01' },
  { format: 'hdr', text: '#?RADIANCE' },
  { format: 'qoi', text: 'qoif' },
  { format: 'netpbm', text: 'P5' },
  { format: 'netpbm', text: 'P6' },
  { format: 'pdf', text: '%PDF' },
];

/** Bytes that are enough to tell the format. */
const PEEK = 512;

/**
 * The format of a file by its first bytes: one of `formats`, the name of a format that is not read, or
 * undefined. The file's name is ignored.
 */
export function formatOf(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, PEEK)).toString('latin1');
  const found = beginnings.find(({ text, at = 0 }) => start.startsWith(text, at));
  if (found?.format === 'webp' && !start.startsWith('RIFF')) return undefined;
  if (found) return found.format;
  return /<svg[\s>:]/i.test(start) ? 'svg' : undefined;
}

export const isRead = (format: string | undefined): format is Format => formats.includes(format as Format);
