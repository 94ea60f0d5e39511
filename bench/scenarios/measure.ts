import type { Running } from '../contenders/contender.ts';
import type { LoadProcess } from '../load/process.ts';
import { clientKey } from '../load/order.ts';
import type { Order, Report } from '../load/order.ts';
import { CpuMeter } from '../measure/cpu.ts';
import { machineCpu, Meter } from '../measure/meter.ts';
import type { Used } from '../measure/meter.ts';
import type { Sample } from '../report/result.ts';
import { closed, question } from './patterns.ts';
import type { Capacity, Work } from './scenario.ts';

/** Who asks and who answers, for a whole round. */
export interface Bench {
  load: LoadProcess;
  upstreamPid: number;
}

const unknown: Capacity = { json: Infinity };

/** Brings code to its compiled state and connections up, outside of any measure. */
export async function warmUp(running: Running, { load }: Bench, share: number): Promise<Capacity> {
  const json = closed(question(), 32, 1.5)(unknown, share);
  const { rate = 0 } = await load.run(orderOf(running, json));
  const stream = question({ stream: true, wish: { chunks: 50 } });
  await load.run(orderOf(running, closed(stream, 32, 0.8)(unknown, share)));
  return { json: rate };
}

/** Runs some work on one contender. @throws Error when an answer was not right. */
export async function measure(running: Running, work: Work, { load, upstreamPid }: Bench): Promise<Sample> {
  const pid = running.child?.pid;
  const own = pid === undefined ? undefined : new Meter(pid);
  const upstream = new CpuMeter(upstreamPid);
  const helper = running.helper && new CpuMeter(running.helper.pid);
  const bench = process.cpuUsage();
  const [machine, began] = [machineCpu(), performance.now()];
  try {
    const report = await load.run(orderOf(running, work), () => own?.look());
    const ms = performance.now() - began;
    const all = machineCpu() - machine;
    const used = own?.stop();
    const { user, system } = process.cpuUsage(bench);
    const loads = report.cpu + upstream.stop();
    const others = all - loads - (used?.cpu ?? 0) - (helper?.stop() ?? 0) - user - system;
    return {
      ...sampleOf(work, report, used),
      loadBusy: loads / 10 / ms,
      others: Math.max(others / 10 / ms, 0),
    };
  } finally {
    own?.stop();
    upstream.stop();
    helper?.stop();
  }
}

/** The work as an order about this contender. */
export function orderOf({ contender, port, prefix = '', headers = {} }: Running, work: Work): Order {
  const { answers, keys = [clientKey] } = contender;
  return { port, path: `${prefix}/v1/chat/completions`, headers, answers, keys, ...work };
}

function sampleOf({ pattern }: Work, report: Report, own: Used | undefined): Sample {
  const { requests, cpu: loadCpu, ...seen } = report;
  const used: Sample = own
    ? {
        cpu: own.cpu / requests,
        rss: own.rss.all / 1e6,
        rssFile: own.rss.file / 1e6,
        busy: own.cpu / 10 / own.ms,
      }
    : {};
  if (pattern.kind !== 'burst') return { ...seen, ...used, loadCpu: loadCpu / requests };
  // Where streams are held open, their length is the upstream's choice, not a result.
  const { first50, first99, allStarted } = seen;
  const { cpu, rss, rssFile } = used;
  return { first50, first99, allStarted, cpu, rss, rssFile };
}
