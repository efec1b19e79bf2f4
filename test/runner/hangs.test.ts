import { test } from 'uvu';

test('never ends', () => new Promise(() => setInterval(() => undefined, 1000)));
test.run();
