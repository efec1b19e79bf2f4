import { test } from 'uvu';
import { testWith } from '../support/skip.js';

const needs = [
  { name: 'absent', install: 'apt-get install absent', find: () => undefined },
  { name: 'there', install: 'apt-get install there', find: () => '1.0' },
];
for (const name of ['one', 'two'])
  (await testWith(needs))(name, () => {
    throw new Error('it runs');
  });
test.run();
