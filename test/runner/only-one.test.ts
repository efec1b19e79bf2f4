import { test } from 'uvu';

test.only('left in by mistake', () => undefined);
test('never runs', () => undefined);
test.run();
