import { test } from 'uvu';

test('passes and leaves something running', () => {
  setInterval(() => undefined, 1000);
});
test.run();
