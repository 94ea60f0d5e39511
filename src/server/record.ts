import type { Config } from '../config/options.ts';
import { keysOf } from '../gateway/admit/keys.ts';
import { AccessLog } from '../record/access/access-line-sink.ts';
import type { Sink } from '../record/happening.ts';
import { Live, liveService } from '../record/live/live.ts';
import type { Gauges } from '../record/metrics/metrics.ts';
import { serverName } from '../record/metrics/server-name.ts';
import { BearerKeys, metricsResponse } from './metrics-page.ts';
import type { AsideSetup } from './aside-messages.ts';
import type { ControlService } from './control-sockets.ts';
import { controlSockets } from './control-sockets.ts';
import { supervisorsLedger } from './ledger.ts';

/** What tells of requests in this process. */
export interface Recording {
  readonly sinks: readonly Sink[];
  /** For other processes: `aifd top`, and the metrics of all workers. */
  readonly services: readonly ControlService[];
  /** Answers `/metrics`; undefined where it is off. */
  readonly metrics: ((request: Request) => Promise<Response>) | undefined;
}

/**
 * Opens what the configuration asks for; what is off is not even loaded.
 * @param say - told what the operator should know
 * @param isAsked - `aifd top` can ask this process: else there is nobody to gather its figures for
 * @param gauges - what `/metrics` asks for at a scrape
 * @throws Error with the path and the reason when a folder can't be used
 */
export async function openRecording(
  config: Config,
  say: (message: string) => void,
  isAsked: boolean,
  gauges: Gauges = {},
): Promise<Recording> {
  const live = new Live();
  const sinks: Sink[] = isAsked ? [live] : [];
  const services: ControlService[] = [liveService(live)];
  let metrics: Recording['metrics'];
  if (config.logLevel === 'info' || config.logLevel === 'debug')
    sinks.push(new AccessLog({ format: config.accessLogFormat }));
  if (config.logChat || config.printChat) sinks.push(...(await openBodySinks(config, say)));
  if (config.usage) sinks.push(await openUsageSink(config, say));
  if (config.otelExporterOtlpEndpoint !== '') sinks.push(await openTraceSink(config, say));
  if (config.metrics !== 'off') {
    const { sink, service, answer } = await openMetrics(config, gauges);
    sinks.push(sink);
    services.push(service);
    metrics = answer;
  }
  return { sinks, services, metrics };
}

const write = (text: string): void => void process.stdout.write(text);

/** The sinks that read bodies, and the thread for large ones. */
async function openBodySinks(config: Config, say: (message: string) => void): Promise<Sink[]> {
  const { AsideThread } = await import('./aside.ts');
  const { chatLogOf, printerOf } = await import('./body-sinks.ts');
  const { logDir: folder, logMaxSize: maxSize, logFormat: format, logRedact: redact, logKeep } = config;
  const { files, seconds } = logKeep;
  const keep = files > 0 ? { files } : seconds > 0 ? { days: seconds / 86_400 } : undefined;
  const isColored = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  const setup: AsideSetup = {
    keys: keysOf(config),
    redact,
    ...(config.logChat && { log: { format, folder, maxSize, keep } }),
    ...(config.printChat && { print: { isColored } }),
  };
  const onQuestion = (id: string): void => printer?.questionShown(id);
  const aside = new AsideThread(setup, { write, say, onQuestion });
  const log = setup.log && chatLogOf(setup, say, aside);
  const printer = setup.print && printerOf(setup, write, aside);
  return [log, printer].filter((sink) => sink !== undefined);
}

async function openUsageSink(config: Config, say: (message: string) => void): Promise<Sink> {
  const { openUsage } = await import('../record/usage/usage-sink.ts');
  const { dataDir, usageKeep, prices } = config;
  return openUsage({ dataDir, usageKeep, prices }, say);
}

async function openTraceSink(config: Config, say: (message: string) => void): Promise<Sink> {
  const { openTraces } = await import('../record/traces/traces.ts');
  const { otelExporterOtlpEndpoint: endpoint, otelExporterOtlpHeaders: headers } = config;
  const { otelServiceName, otelResourceAttributes: resource } = config;
  const serviceName = otelServiceName === '' ? undefined : otelServiceName;
  return openTraces({ endpoint, headers, resource, say, ...(serviceName && { serviceName }) });
}

async function openMetrics(config: Config, gauges: Gauges) {
  const { Metrics } = await import('../record/metrics/metrics.ts');
  const { WorkersMetrics } = await import('../record/metrics/gather.ts');
  const sink = new Metrics(gauges);
  const isWorker = process.env['AIFD_WORKER'] !== undefined;
  const sockets = isWorker ? () => controlSockets(config.dataDir) : async () => [];
  const workers = new WorkersMetrics(sink, { server: serverName(), sockets, ledger: supervisorsLedger() });
  const access = config.metrics === 'public' ? 'public' : 'key';
  const page = { access, keys: new BearerKeys(config.forwardKey), render: () => workers.render() } as const;
  return { sink, service: workers.service, answer: (request: Request) => metricsResponse(request, page) };
}
