/** What each stage took, milliseconds; a stage that there was not is left out. */
export interface StageTimes {
  /** Waited for a place. */
  readonly queue?: number | undefined;
  /** Looked for a kept answer. */
  readonly cache?: number | undefined;
  /** Waited for the upstream's head. */
  readonly upstream?: number | undefined;
  /** All that aifd did beside these. */
  readonly aifd?: number | undefined;
}

/** What is longer is no time that anything took. */
const LONGEST = 1e12;

const stages = ['queue', 'cache', 'upstream', 'aifd'] as const;

/**
 * The value of a `Server-Timing` field; https://www.w3.org/TR/server-timing/
 * @returns as `queue;dur=1.5, upstream;dur=230.04, aifd;dur=0.21`; undefined when there is nothing to tell
 */
export function serverTiming(times: StageTimes): string | undefined {
  let value = '';
  for (const stage of stages) {
    const time = times[stage];
    if (time === undefined || !(time >= 0 && time < LONGEST)) continue;
    value += `${value === '' ? '' : ', '}${stage};dur=${plain(time)}`;
  }
  return value === '' ? undefined : value;
}

/** To the microsecond: never as `1e-7`, which the field's syntax has no place for. */
function plain(time: number): number {
  return Math.round(time * 1000) / 1000;
}
