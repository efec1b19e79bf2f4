import { removeFolders } from '../support/firmware-project.js';
import { ask, compileLinkHost, linkNeeds, withProgram } from '../support/link-host.js';
import { seeded } from '../support/random-graph.js';
import { allThere } from '../support/skip.js';
import { verdict } from './cli.js';

/**
 * `npm run bench -- link`: 100,000 requests over a serial port whose line drops, flips, doubles and delays
 * bytes, each with a chance of 1e-3 a byte, both ways; the other side is the shell's own C, compiled for this
 * machine. Minutes.
 */
const REQUESTS = Number(process.argv[2] ?? 100_000);
const noise = { every: 333, lateEvery: 1000, lateMs: 60 };

if (await allThere('the link in C', linkNeeds)) {
  const random = seeded(1);
  const started = performance.now();
  const tally = await withProgram(await compileLinkHost(), { random, noise }, (port) =>
    ask(port, random, REQUESTS),
  );
  const { requests, answered, again, damaged, stale, text, images, reported, wrong } = tally;
  console.log(
    `${requests} requests for ${images} images in ${((performance.now() - started) / 1000).toFixed(0)} s: ` +
      `${again} sent again; ${damaged} frames damaged, ${stale} answers that came twice, ${text} B turned into text`,
  );
  for (const line of wrong.slice(0, 5)) console.log(line);
  verdict('answers accepted that were wrong', String(wrong.length), '0', wrong.length === 0);
  const lost = requests - answered - reported;
  verdict(
    'requests',
    `${answered} delivered, ${reported} reported, ${lost} neither`,
    '0 neither',
    lost === 0,
  );
  await removeFolders();
}
