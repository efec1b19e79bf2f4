const digits = [...'0123456789'];
const capitals = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
/** Digits, capitals and the lower-case letters that EMNIST's merged sets keep apart from their capitals. */
const merged = [...digits, ...capitals, ...'abdefghnqrt'];

/** EMNIST's sets (arXiv 1702.05373): class names, and the label of the first class. */
const sets: Record<string, { classes: string[]; first: number }> = {
  'emnist-mnist': { classes: digits, first: 0 },
  'emnist-digits': { classes: digits, first: 0 },
  'emnist-letters': { classes: capitals, first: 1 },
  'emnist-balanced': { classes: merged, first: 0 },
  'emnist-bymerge': { classes: merged, first: 0 },
  'emnist-byclass': { classes: [...digits, ...capitals, ...'abcdefghijklmnopqrstuvwxyz'], first: 0 },
};

/** Classes and first label of an EMNIST set; undefined for any other name. */
export const emnistSet = (name: string): { classes: string[]; first: number } | undefined =>
  Object.hasOwn(sets, name) ? sets[name] : undefined;

/** What a user of EMNIST needs to know. */
export const EMNIST_TURNED =
  'EMNIST stores its images with rows and columns swapped, unlike MNIST; they are read as stored';
