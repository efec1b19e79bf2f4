import { test } from 'uvu';

test.before(() => {
  throw new Error('on purpose');
});
test('one', () => undefined);
test('two', () => undefined);
test.run();
