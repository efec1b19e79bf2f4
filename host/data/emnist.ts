const digits = [...'0123456789'];
const capitals = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
/** The small letters that EMNIST tells from their capitals where classes are merged. */
const merged = [...digits, ...capitals, ...'abdefghnqrt'];

/** EMNIST's sets (arXiv 1702.05373): the names of their classes, and the label of the first. */
const sets: Record<string, { classes: string[]; first: number }> = {
  'emnist-mnist': { classes: digits, first: 0 },
  'emnist-digits': { classes: digits, first: 0 },
  'emnist-letters': { classes: capitals, first: 1 },
  'emnist-balanced': { classes: merged, first: 0 },
  'emnist-bymerge': { classes: merged, first: 0 },
  'emnist-byclass': { classes: [...digits, ...capitals, ...'abcdefghijklmnopqrstuvwxyz'], first: 0 },
};

/** Classes and first label of the set of this name, where it is one of EMNIST's. */
export const emnistSet = (name: string): { classes: string[]; first: number } | undefined =>
  Object.hasOwn(sets, name) ? sets[name] : undefined;

/** What a user of EMNIST has to know. */
export const EMNIST_TURNED =
  'EMNIST stores its images with rows and columns exchanged; they are taken as they are, unlike those of MNIST';
