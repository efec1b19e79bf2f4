// Bundles FOLDER/app.js, which imports FOLDER/build/model.mjs, into OUT/app.js: `node bundle.mjs BUNDLER FOLDER OUT`. A warning
// is a failure. `vite-dev` serves FOLDER instead, prints its address, and then what the page posts to /result.
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [name, folder, out] = process.argv.slice(2);
const entry = join(folder, 'app.js');
const refuse = (warning) => {
  throw new Error(`${name} warns: ${warning}`);
};

/** What bundlers that do not follow `new URL(...)` leave to their user. */
function copyFiles() {
  for (const file of readdirSync(join(folder, 'build')))
    if (/^(model.*\.(wasm|bin)|threads.*\.mjs)$/.test(file))
      cpSync(join(folder, 'build', file), join(out, file));
}

/** Not a module: `import.meta` is empty there, which the page makes up for by giving an address. */
const scripts = ['iife', 'cjs'];

async function esbuild(platform, format) {
  const { build } = await import('esbuild');
  const { warnings } = await build({
    entryPoints: [entry],
    outfile: join(out, 'app.js'),
    bundle: true,
    platform,
    format,
    logLevel: 'silent',
    logOverride: scripts.includes(format) ? { 'empty-import-meta': 'silent' } : {},
  });
  if (warnings.length) refuse(warnings[0].text);
  copyFiles();
}

async function rollup() {
  const { rollup: bundle } = await import('rollup');
  const made = await bundle({ input: entry, onwarn: ({ message }) => refuse(message) });
  await made.write({ file: join(out, 'app.js'), format: 'es', inlineDynamicImports: true });
  copyFiles();
}

async function webpack(target) {
  const { default: bundle } = await import('webpack');
  await new Promise((resolve, reject) =>
    bundle(
      { mode: 'production', target, entry, context: folder, output: { path: out, filename: 'app.js' } },
      (error, stats) => {
        if (error) return reject(error);
        const { errors, warnings } = stats.toJson({ errors: true, warnings: true });
        // Bytes of weights are what a model is made of.
        const other = warnings.filter(
          ({ message }) => !/size limit|performance recommendations/.test(message),
        );
        return errors.length || other.length
          ? reject(new Error([...errors, ...other][0].message))
          : resolve();
      },
    ),
  );
}

const viteOptions = async () => {
  const { createLogger } = await import('vite');
  const customLogger = { ...createLogger('silent'), warn: refuse, warnOnce: refuse };
  return { root: folder, base: './', configFile: false, customLogger };
};

async function vite() {
  const { build } = await import('vite');
  const output = { entryFileNames: 'app.js' };
  await build({
    ...(await viteOptions()),
    build: { outDir: out, rollupOptions: { input: entry, output } },
  });
}

async function viteDev() {
  const { createServer } = await import('vite');
  const plugin = {
    name: 'result',
    configureServer: ({ middlewares }) =>
      void middlewares.use('/result', (request, response) => {
        let body = '';
        request.on('data', (text) => (body += text));
        request.on('end', () => {
          response.end();
          console.log(body);
        });
      }),
  };
  const headers = {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  };
  const server = await createServer({
    ...(await viteOptions()),
    cacheDir: join(folder, 'cache'),
    plugins: [plugin],
    server: { host: '127.0.0.1', port: 0, headers },
  });
  await server.listen();
  console.log(`http://127.0.0.1:${server.httpServer.address().port}/`);
}

const bundlers = {
  'esbuild-esm': () => esbuild('browser', 'esm'),
  'esbuild-iife': () => esbuild('browser', 'iife'),
  'esbuild-node-esm': () => esbuild('node', 'esm'),
  'esbuild-node-cjs': () => esbuild('node', 'cjs'),
  rollup,
  webpack: () => webpack('web'),
  'webpack-node': () => webpack('node'),
  vite,
  'vite-dev': viteDev,
};
await bundlers[name]();
