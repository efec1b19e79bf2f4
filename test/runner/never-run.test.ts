import { test } from 'uvu';

test('is registered, and the suite is never run', () => undefined);
