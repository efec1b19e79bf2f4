import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importFile, importNet } from '../../../host/import/index.js';
import { float32, type Net, SpikeletError, type Tensor, writeSafetensors } from '../../../models/index.js';
import { reference } from '../../support/needs.js';
import { zooNet } from '../../support/nets.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';
import {
  orderedDict,
  type Py,
  pickle,
  stateDict,
  stateEntries,
  tensorAt,
  torchZip,
  zip,
} from '../../support/torch.js';

const net = zooNet('mini', [8, 8, 1], 3, { widths: [2, 4], ratios: [1, 1] });
const options = { inputShape: net.input.shape, mean: [0], std: [1], levels: 4, classes: net.classes };
/** The same net with other weights. */
const twice = new Map(
  [...net.params].map(([name, { shape, data }]) => [
    name,
    float32(
      shape,
      (data as Float32Array).map((v) => 2 * v),
    ),
  ]),
);

const isNet = (found: Net, params: Map<string, Tensor>, what: string) =>
  assert.ok(isDeepStrictEqual(new Map([...found.params].sort()), new Map([...params].sort())), what);

const renamed = (change: (name: string) => string, params: Map<string, Tensor> = net.params) =>
  new Map([...params].map(([name, tensor]) => [change(name), tensor] as const));

const scalar = (): Tensor => ({ shape: [], data: BigInt64Array.of(3n) });

test('wrappers anywhere in names, and what is saved with the net', () => {
  const middle = (part: string) => (name: string) => name.replace(/^(b\d+|stem)\./, `$1.${part}.`);
  const cases: [string, Map<string, Tensor>, RegExp?][] = [
    ['DDP', renamed((name) => `module.${name}`), /removed from names: module\./],
    ['compiled', renamed((name) => `_orig_mod.${name}`)],
    ['compiled, then DDP', renamed((name) => `module._orig_mod.${name}`)],
    ['DDP, then compiled', renamed((name) => `_orig_mod.module.${name}`)],
    ['a compiled block', renamed(middle('_orig_mod'))],
    ['FSDP', renamed(middle('_fsdp_wrapped_module'))],
    ['activation checkpoints', renamed(middle('_checkpoint_wrapped_module'))],
    ['Lightning', renamed((name) => `model.${name}`), /'model\.' was removed/],
    ['Lightning, compiled', renamed((name) => `model._orig_mod.${name}`)],
    ['AveragedModel', new Map([...renamed((name) => `module.${name}`), ['n_averaged', scalar()]])],
    ['mmengine', renamed((name) => `backbone.${name}`), /'backbone\.' was removed/],
    ['three attributes deep', renamed((name) => `task.inner.net.${name}`)],
    [
      "Lightning's loss",
      new Map([...renamed((name) => `model.${name}`), ['criterion.weight', float32([3])]]),
      /skipped, .*criterion\.weight/,
    ],
    [
      'a metric',
      new Map([...renamed((name) => `net.${name}`), ['val_acc.confmat', float32([3, 3])]]),
      /val_acc\.confmat/,
    ],
    [
      'distillation head',
      new Map([...net.params, ['head_kd.weight', float32([3, 4])], ['head_kd.bias', float32([3])]]),
      /head_kd\.weight.*second head/,
    ],
    [
      'distillation head of DeiT',
      new Map([...net.params, ['head_dist.weight', float32([3, 4])]]),
      /head_dist\.weight/,
    ],
    [
      'a teacher',
      new Map([...renamed((name) => `student.${name}`), ...renamed((name) => `teacher.${name}`, twice)]),
      /under 'student\.' was taken, not 'teacher\.'/,
    ],
    [
      'an average',
      new Map([
        ...renamed((name) => `ema_model.module.${name}`, twice),
        ...renamed((name) => `model.${name}`),
      ]),
      /not 'ema_model\.' \(--ema takes/,
    ],
    [
      'a teacher in the net itself',
      new Map([...net.params, ...renamed((name) => `teacher.${name}`, twice)]),
      /without a prefix was taken, not 'teacher\.'/,
    ],
    [
      'a teacher in the net of a wrapper',
      new Map([...renamed((name) => `model.${name}`), ...renamed((name) => `model.teacher.${name}`, twice)]),
      /under 'model\.' was taken, not 'model\.teacher\.'/,
    ],
    [
      'a loss in the net itself',
      new Map([...net.params, ['criterion.weight', float32([3])]]),
      /criterion\.weight/,
    ],
    [
      'no average, though the letters are in its name',
      new Map([...renamed((name) => `semantic.${name}`), ...renamed((name) => `other.${name}`, twice)]),
      /not 'other\.'$/m,
    ],
  ];
  for (const [what, params, note] of cases) {
    const { net: found, notes } = importNet(writeSafetensors(params), 'x', options);
    isNet(found, net.params, what);
    if (note) assert.match(notes.join('\n'), note, what);
  }
});

test('a .safetensors whose length looks like another format is one', () => {
  // A header of 0x28, 0x5d, 0x63, 0x7d, 0x80 or 0x4b50 bytes begins as a pickle or a zip archive does.
  const seen = new Set<number>();
  for (let length = 0; length < 260 * 8; length += 8) {
    const bytes = writeSafetensors(net.params, { note: 'x'.repeat(length) });
    seen.add(bytes[0]!);
    isNet(importNet(bytes, 'x', options).net, net.params, `a header that begins with ${bytes[0]}`);
  }
  assert.ok(seen.has(0x28) && seen.has(0x80));
  let zipLike = writeSafetensors(net.params, {});
  for (let length = 1; zipLike[0] !== 0x50 || zipLike[1] !== 0x4b; length++) {
    assert.ok(length < 20_000);
    if (length % 8 === 1) zipLike = writeSafetensors(net.params, { note: 'x'.repeat(length) });
  }
  isNet(importNet(zipLike, 'x', options).net, net.params, 'as a zip archive');
});

test('what is neither the net nor known to be of something else is refused by its name', () => {
  const more = new Map([...net.params, ['b1.sep.net.0.w', float32([])]]);
  assert.throws(
    () => importNet(writeSafetensors(more), 'x', options),
    /unexpected \(1\): b1\.sep\.net\.0\.w/,
  );
  // Wrappers that would make two tensors one are left where they are.
  const both = new Map([...net.params, ['module.head.bias', float32([3])]]);
  assert.throws(
    () => importNet(writeSafetensors(both), 'x', options),
    /unexpected \(1\): module\.head\.bias/,
  );
});

/** A checkpoint of the weights and other values. */
function training(extra: [string, Py][]): Uint8Array {
  const { value, storages } = stateDict(net.params);
  return torchZip(pickle(new Map<Py, Py>([['model', value], ...extra])), storages);
}

const call = (name: string, ...args: Py[]): Py => {
  const at = name.lastIndexOf('.');
  return { call: [name.slice(0, at), name.slice(at + 1)], args };
};
const withState = (value: Py, state: Py): Py => ({
  ...(value as { call: [string, string]; args: Py[] }),
  state,
});
const global = (module: string, name: string): Py => ({ global: [module, name] });

test('what training scripts keep with the weights does not hide them', () => {
  const dtype = (code: string, order = '<') =>
    withState(call('numpy.dtype', code, false, true), { tuple: [3, order, null, null, null, -1, -1, 0] });
  const raw = call('_codecs.encode', '\0\0\0\0\0\0\u00f0?', 'latin1');
  const values: [string, Py][] = [
    ['a NumPy number', call('numpy.core.multiarray.scalar', dtype('f8'), raw)],
    ['one of NumPy 2', call('numpy._core.multiarray.scalar', dtype('f8', '>'), raw)],
    [
      'an array',
      withState(call('numpy.core.multiarray._reconstruct', global('numpy', 'ndarray'), { tuple: [0] }, 'b'), {
        tuple: [1, { tuple: [1] }, dtype('f8'), false, raw],
      }),
    ],
    ['a path', call('pathlib.PosixPath', '/', 'home', 'me')],
    ['a path of Windows', call('pathlib.WindowsPath', 'C:\\', 'me')],
    ['a defaultdict', call('collections.defaultdict', global('builtins', 'dict'))],
    ['of ints', call('collections.defaultdict', global('__builtin__', 'int'))],
    ['a Counter', call('collections.Counter', new Map<Py, Py>([['a', 1]]))],
    ['a date', call('datetime.datetime', 'xxxxxxxxxx')],
    ['a set', call('builtins.set', [1, 2])],
    ['a complex', call('builtins.complex', 1, 2)],
    ['a namespace', withState(call('types.SimpleNamespace'), new Map<Py, Py>([['lr', 1]]))],
    ['omegaconf', withState(call('omegaconf.dictconfig.DictConfig'), new Map<Py, Py>([['_content', 1]]))],
    ['a callback', global('pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint')],
    ['a history', call('mmengine.logging.history_buffer.HistoryBuffer')],
    [
      'a partial',
      withState(call('functools.partial', global('torch.nn.modules.normalization', 'LayerNorm')), [
        global('torch.nn.modules.normalization', 'LayerNorm'),
        [],
        new Map<Py, Py>([['eps', 1e-6]]),
        null,
      ]),
    ],
    ['an enum', call('my_project.config.Mode', 2)],
    [
      'a scheduler',
      withState(call('torch.optim.lr_scheduler.CosineAnnealingLR'), new Map<Py, Py>([['T_max', 1]])),
    ],
    [
      'an old-style object',
      call('copyreg._reconstructor', global('my', 'Config'), global('builtins', 'object'), null),
    ],
  ];
  for (const [what, value] of values)
    isNet(importNet(training([['extra', value]]), what, options).net, net.params, what);
  const { notes } = importNet(training(values), 'x', options);
  assert.match(
    notes.join('\n'),
    /stored with the weights, not read: objects of omegaconf\.dictconfig\.DictConfig, /,
  );
  const partial = (of: Py) => training([...values, ['extra', call('functools.partial', of)]]);
  assert.throws(() => importNet(partial('x'), 'x', options), /a partial of what is not a class/);
  assert.throws(() => importNet(partial(global('os', 'system')), 'x', options), /wants to call 'os.system'/);
  for (const danger of [
    'os.system',
    'builtins.eval',
    'builtins.getattr',
    'subprocess.Popen',
    'functools.reduce',
    'torch.load',
  ])
    assert.throws(
      () => importNet(training([...values, ['extra', call(danger, 'x')]]), 'x', options),
      new RegExp(`wants to call '${danger}'.*Nothing was executed`),
    );
});

test('a NumPy number is read where it tells something', () => {
  const dtype = withState(call('numpy.dtype', 'i4', false, true), {
    tuple: [3, '<', null, null, null, -1, -1, 0],
  });
  const three = call('numpy.core.multiarray.scalar', dtype, call('_codecs.encode', '\x03\0\0\0', 'latin1'));
  const args = withState(call('argparse.Namespace'), new Map<Py, Py>([['levels', three]]));
  const { levels: _, ...rest } = options;
  const found = importNet(training([['args', args]]), 'x', rest);
  assert.ok(found.notes.includes('levels 3: from the checkpoint'), String(found.notes));
  const short = call('numpy.core.multiarray.scalar', dtype, call('_codecs.encode', '\x03', 'latin1'));
  assert.throws(() => importNet(training([['x', short]]), 'x', options), /length does not match its type/);
});

test('a whole pickled module is named', () => {
  const module = withState(call('my_nets.Classifier'), new Map<Py, Py>([['training', true]]));
  const bytes = torchZip(pickle(module), new Map());
  assert.throws(
    () => importNet(bytes, 'x', options),
    /holds a whole Python object, my_nets\.Classifier, not a state_dict/,
  );
});

test('averages and weights: the weights, and with --ema the average', () => {
  const [plain, average] = [stateEntries(net.params), stateEntries(twice)];
  const moved = new Map([...average.storages].map(([key, data]) => [`e${key}`, data] as const));
  const other = JSON.parse(JSON.stringify(average.entries), (_key, value: unknown) => value) as [
    string,
    Py,
  ][];
  const rekeyed = JSON.parse(
    JSON.stringify(other)
      .replace(/("cpu"|"torch","FloatStorage"\]\}),?/g, '$&')
      .replace(
        /\{"global":\["torch","FloatStorage"\]\},"(\d+)"/g,
        '{"global":["torch","FloatStorage"]},"e$1"',
      ),
  ) as [string, Py][];
  const storages = new Map([...plain.storages, ...moved]);
  for (const [key, path] of [
    ['state_dict_ema', []],
    ['model_ema', []],
    ['ema', ['module']],
    ['ema_state_dict', []],
  ] as const) {
    const inner = path.reduceRight<Py>(
      (value, name) => new Map<Py, Py>([[name, value]]),
      orderedDict(rekeyed),
    );
    const bytes = torchZip(
      pickle(
        new Map<Py, Py>([
          ['state_dict', orderedDict(plain.entries)],
          [key, inner],
        ]),
      ),
      storages,
    );
    const usual = importNet(bytes, key, options);
    isNet(usual.net, net.params, key);
    assert.match(usual.notes.join('\n'), new RegExp(`skipped: an average .* under '${key}.*--ema takes it`));
    const averaged = importNet(bytes, key, { ...options, ema: true });
    isNet(averaged.net, twice, `${key}, averaged`);
    assert.match(averaged.notes.join('\n'), /skipped: the weights under 'state_dict'/);
  }
  assert.throws(
    () => importNet(training([]), 'x', { ...options, ema: true }),
    /has no average of the weights/,
  );
});

test('--ema takes nothing else than an average', () => {
  for (const params of [
    renamed((name) => `semantic.${name}`),
    new Map([...renamed((name) => `model.${name}`), ['ema.decay', scalar()]]),
  ])
    assert.throws(
      () => importNet(writeSafetensors(params), 'x', { ...options, ema: true }),
      /has no average of the weights/,
    );
  for (const name of ['ema', 'modelEma', 'EMA', 'swa_model', 'averaged_model']) {
    const both = new Map([...renamed((n) => `model.${n}`), ...renamed((n) => `${name}.${n}`, twice)]);
    isNet(importNet(writeSafetensors(both), 'x', { ...options, ema: true }).net, twice, name);
  }
});

test('which of several keys holds the weights', () => {
  const { entries, storages } = stateEntries(net.params);
  const one = storages.get('0')!;
  const scalarAt = tensorAt({ key: '0', length: one.length / 4, size: [], stride: [] });
  const file = (...keys: string[]) =>
    torchZip(
      pickle(
        new Map<Py, Py>([['best_acc', scalarAt], ...keys.map((key) => [key, orderedDict(entries)] as const)]),
      ),
      storages,
    );
  const cases: [string[], RegExp?][] = [
    [['model']],
    [['model', 'best_model'], /skipped: other weights under 'best_model'/],
    [['teacher', 'student'], /those under 'student'[\s\S]*skipped: other weights under 'teacher'/],
    [['generator'], /those under 'generator'/],
  ];
  for (const [keys, note] of cases) {
    const found = importNet(file(...keys), 'x', options);
    isNet(found.net, net.params, keys.join());
    if (note) assert.match(found.notes.join('\n'), note);
  }
  assert.throws(() => importNet(file('a', 'b'), 'x', options), /holds several nets, under 'a', 'b'/);
});

test('tensors that are not read are named for what they are', () => {
  for (const [name, what] of [
    ['_rebuild_qtensor', 'quantized tensors'],
    ['_rebuild_sparse_tensor', 'sparse tensors'],
    ['_rebuild_meta_tensor_no_storage', 'without values'],
  ])
    assert.throws(
      () => importNet(training([['x', call(`torch._utils.${name}`)]]), 'x', options),
      new RegExp(`x holds .*${what}`),
    );
  const values: Py[] = [
    call('torch.torch_version.TorchVersion', '2.1.0'),
    call('torch.serialization._get_layout', 'torch.strided'),
    global('torch', 'contiguous_format'),
    global('numpy', 'float32'),
  ];
  isNet(importNet(training([['x', values]]), 'x', options).net, net.params, 'plain names');
});

test('an archive zipped again from a parent folder, and what is not a checkpoint', async () => {
  const { value, storages } = stateDict(net.params);
  const again = (prefix: string) => [
    { name: `${prefix}data.pkl`, data: pickle(value) },
    ...[...storages].map(([key, data]) => ({ name: `${prefix}data/${key}`, data })),
  ];
  for (const prefix of ['', './net/', 'home/me/net/'])
    isNet(importNet(zip(again(prefix)), 'x', options).net, net.params, prefix);
  assert.throws(
    () => importNet(zip([...again('a/'), ...again('b/')]), 'x', options),
    /several checkpoints: a\/data\.pkl, b\/data\.pkl/,
  );
  for (const [text, what] of [
    ['\ufeff<!DOCTYPE html>', /web page/],
    ['<!-- saved -->\n<html>', /web page/],
    ['Entry not found', /is text that begins with 'Entry not found'/],
  ] as const)
    assert.throws(() => importNet(new TextEncoder().encode(text), 'x', options), what);
  const shard = await importFile('model-00002-of-00003.safetensors').catch((error: unknown) => error);
  assert.match((shard as Error).message, /is part 2 of 3/);
});

test('a zip around a checkpoint is opened, a checkpoint in parts is put together', async () => {
  const inside = training([]);
  const found = importNet(
    zip([
      { name: 'mini.pth', data: inside, deflate: true },
      { name: '__MACOSX/._mini.pth', data: new Uint8Array(9) },
    ]),
    'x',
    options,
  );
  isNet(found.net, net.params, 'zip');
  assert.ok(found.notes.includes("the checkpoint is 'mini.pth' in the archive"));

  const folder = mkdtempSync(join(tmpdir(), 'spikelet-shards-'));
  try {
    const names = [...net.params.keys()];
    const part = (name: string) => (names.indexOf(name) % 2 ? 'b.safetensors' : 'a.safetensors');
    const index = join(folder, 'model.safetensors.index.json');
    writeFileSync(
      index,
      JSON.stringify({ weight_map: Object.fromEntries(names.map((name) => [name, part(name)])) }),
    );
    const write = (file: string) =>
      writeFileSync(
        join(folder, file),
        writeSafetensors(new Map([...net.params].filter(([name]) => part(name) === file))),
      );
    write('a.safetensors');
    const error = await importFile(index, options).catch((caught: unknown) => caught);
    assert.instance(error, SpikeletError);
    assert.match((error as Error).message, /in 2 files \(shards\); missing: b\.safetensors/);
    write('b.safetensors');
    isNet((await importFile(index, options)).net, net.params, 'shards');
    const folderError = (await importFile(folder, options).catch(
      (caught: unknown) => caught,
    )) as SpikeletError;
    assert.match(`${folderError.message} ${folderError.hint}`, /is a folder.*a\.safetensors, b\.safetensors/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const large = shared('vectors/espikeformer-83m-nano');
(await testWith([reference('vectors/espikeformer-83m-nano')]))(
  'the large models are named, not called damaged',
  async () => {
    for (const file of ['model.safetensors', '173m-large/model.safetensors']) {
      const error = await importFile(`${large}/${file}`).catch((caught: unknown) => caught);
      assert.instance(error, SpikeletError);
      assert.match((error as Error).message, /structure of the 83M and 173M models/);
    }
  },
);

test.run();
