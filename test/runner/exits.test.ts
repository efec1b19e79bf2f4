import { test } from 'uvu';

test('passes', () => undefined);
test('ends the process as if all were well', () => process.exit(0));
test('never runs', () => undefined);
test.run();
