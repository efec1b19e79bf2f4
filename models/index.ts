export * from './dataset.js';
export * from './error.js';
export * from './net.js';
export * from './tensor.js';
export * from './zoo/index.js';
