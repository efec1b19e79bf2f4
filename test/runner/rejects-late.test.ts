import { test } from 'uvu';

test('leaves a promise behind, which is rejected after it', () => {
  setTimeout(() => Promise.reject(new Error('on purpose')), 50);
});
test.run();
