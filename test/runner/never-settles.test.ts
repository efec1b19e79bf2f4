import { test } from 'uvu';

test('waits for what never comes, with nothing left to do', () => new Promise(() => undefined));
test.run();
