import { exitCode } from '../../../models/error.js';
import { doctor as found } from '../../api/doctor.js';
import { version } from '../../system/version.js';
import { verb } from '../verb.js';

export const doctor = verb({
  summary: 'say what is installed, and how to install what is not',
  options: [],
  async run(_args, _options, io) {
    const packages = await found();
    io.print(io.bold(`spikelet ${version}`));
    io.table(
      [{ title: 'package' }, { title: 'version' }, { title: 'enables' }],
      packages.map(({ name, version: has, enables, needed }) => [
        name,
        has ?? (needed ? 'MISSING' : 'not installed'),
        enables,
      ]),
    );
    const absent = packages.filter(({ version: has }) => has === null);
    if (absent.length) io.print();
    for (const { name, install, needed } of absent)
      io.print(`${needed ? 'needed' : 'optional'}: ${name}: ${install}`);
    const broken = absent.some(({ needed }) => needed);
    return {
      result: { spikelet: version, packages },
      ...(broken ? { code: exitCode.failure } : {}),
    };
  },
});
