import { configReader } from './config.js';
import { dataReaders } from './data.js';
import { dataFileReaders } from './data-files.js';
import { deviceReaders } from './device.js';
import { importReaders } from './imports.js';
import { modelReaders } from './models.js';
import { moduleReaders } from './modules.js';
import { nativeReaders } from './native.js';
import type { Reader } from './reader.js';

/** Every reader of what comes from files and devices. */
export const readers: Reader[] = [
  ...modelReaders,
  ...importReaders,
  ...dataReaders,
  ...dataFileReaders,
  configReader,
  ...moduleReaders,
  ...deviceReaders,
  ...nativeReaders,
];
