import { test } from 'uvu';

test('never runs', () => undefined);
test.run();
throw new Error('on purpose');
