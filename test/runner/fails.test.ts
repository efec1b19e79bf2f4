import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('passes', () => undefined);
test('fails', () => assert.is(1, 2));
test.run();
