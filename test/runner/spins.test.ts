import { test } from 'uvu';

test('never gives the processor back', () => {
  process.on('SIGTERM', () => undefined);
  for (;;);
});
test.run();
