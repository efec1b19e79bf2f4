import { test } from 'uvu';

test('one', () => undefined);
test('two', async () => undefined);
test.run();
