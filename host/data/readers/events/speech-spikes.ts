import { openHdf5 } from '../../../system/hdf5/index.js';
import { refusalOf } from '../../../system/refusal.js';
import { type Events, ordered } from './events.js';

/** Channels of the cochlea that the Heidelberg data sets come from. */
const UNITS = 700;

/** Recordings of SHD or SSC (zenkelab.org): of each its class, its speaker, and its spikes as events in one row of 700. */
export type SpeechSpikes = {
  count: number;
  /** Names of the classes, where the file has them. */
  classes: string[] | undefined;
  labels: Float64Array;
  speakers: Float64Array | undefined;
  events: (index: number) => Events;
};

/**
 * Opens the .h5 of SHD or SSC: spikes/times in seconds, rounded to microseconds with halves up, spikes/units, labels, and where they are
 * there extra/keys and extra/speaker. Spikes are read as they are asked for, in the order of their times.
 */
export function openSpeechSpikes(bytes: Uint8Array, name: string): SpeechSpikes {
  const refuse = refusalOf(name);
  const file = openHdf5(bytes, name);
  const has = (path: string) => file.paths.includes(path);
  const [times, units] = [file.lists('spikes/times'), file.lists('spikes/units')];
  const labels = file.numbers('labels').data;
  const speakers = has('extra/speaker') ? file.numbers('extra/speaker').data : undefined;
  const count = labels.length;
  if (times.count !== count || units.count !== count || (speakers && speakers.length !== count))
    return refuse(
      `it has ${count} labels, ${times.count} lists of times and ${units.count} of units`,
      'fetch it again',
    );
  const spikes = (index: number): Events => {
    const [seconds, rows] = [times.at(index), units.at(index)];
    const bad = (what: string) => refuse(`recording ${index}: ${what}`, 'fetch it again');
    if (seconds.length !== rows.length) return bad(`${seconds.length} times and ${rows.length} units`);
    const t = seconds.map((time) => Math.round(time * 1e6));
    const wrong = rows.findIndex((unit, i) => !(unit < UNITS) || !Number.isFinite(t[i]));
    if (wrong >= 0) return bad(`spike ${wrong} is of unit ${rows[wrong]} at ${seconds[wrong]} s`);
    const events: Events = {
      ...{ width: UNITS, height: 1, t, x: Uint16Array.from(rows) },
      ...{ y: new Uint16Array(t.length), p: new Uint8Array(t.length).fill(1), skipped: 0 },
    };
    return ordered(events, 'sort', name).events;
  };
  return {
    count,
    classes: has('extra/keys') ? file.texts('extra/keys') : undefined,
    labels,
    speakers,
    events: spikes,
  };
}
