import { SpikeletError } from '../../models/error.js';
import { printable } from '../system/printable.js';

/** Files that are mistaken for checkpoints, recognised by their first bytes, and what to do instead. */
type Kind = {
  is: (start: string, bytes: Uint8Array) => boolean;
  what: string | ((start: string) => string);
  hint: string;
};

const begins =
  (...starts: string[]) =>
  (start: string) =>
    starts.some((text) => start.startsWith(text));
const at = (offset: number, text: string) => (start: string) => start.startsWith(text, offset);
const unpack = 'unpack it, and import the file in it';
const convert = (from: string) =>
  `load it in ${from} and save the weights for PyTorch: torch.save(model.state_dict(), 'weights.pth')`;

const kinds: Kind[] = [
  { is: (_, bytes) => bytes.length === 0, what: 'is empty', hint: 'did the download fail?' },
  {
    is: begins('version https://git-lfs'),
    what: 'is a Git LFS pointer: the checkpoint itself was not downloaded',
    hint: "run 'git lfs install' and 'git lfs pull' in its repository, or download the file from its page",
  },
  {
    is: (start) => /^(\xef\xbb\xbf)?\s*(<!--[\s\S]*?-->\s*)?(<!doctype html|<html|<head|<body)/i.test(start),
    what: 'is a web page (HTML), not a checkpoint',
    hint: 'the download returned a login, error or preview page: open it in a browser, and download the file itself',
  },
  {
    is: (start) => /^\s*<(\?xml|[A-Za-z]+[\s>])/.test(start),
    what: "is XML, probably a server's error message",
    hint: 'read it, and download the file itself',
  },
  { is: begins('\x89HDF\r\n\x1a\n'), what: 'is an HDF5 file (Keras, or NIR)', hint: convert('Keras') },
  {
    is: at(4, 'TFL3'),
    what: 'is a TensorFlow Lite model',
    hint: 'import the PyTorch checkpoint it was made from',
  },
  {
    is: begins('GGUF', 'GGML', 'lmgg', 'tjgg'),
    what: 'is a GGUF or GGML model',
    hint: 'such files hold language models',
  },
  { is: begins('\x93NUMPY'), what: 'is a NumPy array (.npy)', hint: convert('NumPy') },
  {
    is: begins('\x1f\x8b'),
    what: 'is compressed with gzip',
    hint: "decompress it with 'gunzip', and import the result",
  },
  {
    is: begins('\xfd7zXZ\0'),
    what: 'is compressed with xz',
    hint: "decompress it with 'unxz', and import the result",
  },
  {
    is: begins('BZh'),
    what: 'is compressed with bzip2',
    hint: "decompress it with 'bunzip2', and import the result",
  },
  {
    is: begins('\x28\xb5\x2f\xfd'),
    what: 'is compressed with zstd',
    hint: "decompress it with 'unzstd', and import the result",
  },
  {
    is: begins('\x04\x22\x4d\x18'),
    what: 'is compressed with lz4',
    hint: "decompress it with 'unlz4', and import the result",
  },
  { is: begins('7z\xbc\xaf\x27\x1c'), what: 'is a 7-Zip archive', hint: unpack },
  { is: begins('Rar!\x1a\x07'), what: 'is a RAR archive', hint: unpack },
  {
    is: at(257, 'ustar'),
    what: 'is a tar archive',
    hint: `${unpack}; a checkpoint from PyTorch before 0.4 must be loaded and saved again`,
  },
  { is: begins('%PDF'), what: 'is a PDF', hint: 'give the checkpoint itself' },
  { is: begins('\x89PNG', '\xff\xd8\xff', 'GIF8'), what: 'is an image', hint: 'give the checkpoint itself' },
  {
    is: begins('\0asm'),
    what: 'is a WebAssembly module',
    hint: "only checkpoints can be imported; 'spikelet run' takes a model.wasm",
  },
  {
    is: (start) => start[0] === '\b' && start[2] === '\x12' && /pytorch|onnx/i.test(start),
    what: 'is an ONNX model',
    hint: 'import the PyTorch checkpoint it was exported from',
  },
  {
    is: (start) => start.includes('saved_model_schema_version') || start.includes('\x12\x05serve'),
    what: 'is a TensorFlow SavedModel',
    hint: convert('TensorFlow'),
  },
  {
    is: (start) => start[0] === '\x80' && /sklearn|xgboost|lightgbm/.test(start),
    what: 'is a pickle from another library (scikit-learn or similar)',
    hint: 'spikelet imports PyTorch networks',
  },
  {
    is: (start) => /^\s*[[{]/.test(start),
    what: 'is text that looks like JSON, not a checkpoint',
    hint: 'it is probably the configuration next to the weights: give the .safetensors or .pth file',
  },
  {
    is: (start) => /^\s*[A-Z][a-z]+ [\t\n\r\x20-\x7e]*$/.test(start),
    what: (start) => `is text that begins with '${printable(start.trim().slice(0, 60))}'`,
    hint: "probably a server's reply instead of the file: download the checkpoint again",
  },
  {
    is: (_, bytes) => bytes.subarray(0, 4096).every((byte) => byte === 0),
    what: 'begins with only zeros',
    hint: 'the download was interrupted, or the disk was full: download the file again',
  },
];

/** An error that says what the file is; undefined for any other file. */
export function otherKind(bytes: Uint8Array, label: string): SpikeletError | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString('latin1');
  const kind = kinds.find(({ is }) => is(start, bytes));
  if (!kind) return undefined;
  const what = typeof kind.what === 'string' ? kind.what : kind.what(start);
  return new SpikeletError(`${label} ${what}`, { hint: kind.hint });
}

/** What a zip archive without checkpoint records is; undefined for any other archive. */
export function zipKind(names: string[], label: string): SpikeletError | undefined {
  if (names.some((name) => /(^|\/)(constants\.pkl|code\/.*\.py)$/.test(name)))
    return new SpikeletError(`${label} is TorchScript (torch.jit.save): a program, not just weights`, {
      hint: "save only the weights: torch.save(torch.jit.load('model.pt').state_dict(), 'weights.pth')",
    });
  if (
    names.some(
      (name) => /(^|\/)(models|archive)\/[^/]+\.pt2?$|\.pt2$/.test(name) || name.includes('aotinductor'),
    )
  )
    return new SpikeletError(`${label} is a torch.export program (.pt2), not just weights`, {
      hint: "save only the weights: torch.save(model.state_dict(), 'weights.pth')",
    });
  if (names.length && names.every((name) => name.endsWith('.npy')))
    return new SpikeletError(`${label} is an archive of NumPy arrays (.npz)`, { hint: convert('NumPy') });
  if (names.some((name) => name.endsWith('.weights.h5')))
    return new SpikeletError(`${label} is a Keras model`, { hint: convert('Keras') });
  return undefined;
}
