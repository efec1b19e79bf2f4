import { suite, test } from 'uvu';
import { testWith } from '../support/skip.js';

/** Two suites: of each kind one in either. */
for (const on of [test, suite('second')]) {
  on('passes', () => undefined);
  on('fails', () => {
    throw new Error('on purpose');
  });
  (await testWith([{ name: 'absent', install: 'nowhere', find: () => false }], on))('skips', () => undefined);
  on.run();
}
