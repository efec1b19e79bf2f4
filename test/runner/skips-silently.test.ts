import { test } from 'uvu';

test('passes', () => undefined);
test.skip('for no reason that anybody reads', () => undefined);
test.run();
