import { durationFrom, sizeFrom } from './cache-kinds.ts';
import { define } from './define.ts';
import { boolean } from './kinds.ts';
import { folder, oneOf } from './limit-kinds.ts';
import {
  attributePairs,
  headerPairs,
  nameText,
  otlpUrl,
  patternList,
  priceTable,
  retention,
} from './record-kinds.ts';

const logs = 'Logs';
const measures = 'Usage, metrics and traces';

/** What is told of each request, and where: the rows of the table for `src/record`. */
export const recordOptions = {
  logLevel: define(
    logs,
    'LOG_LEVEL',
    oneOf(['error', 'warn', 'info', 'debug']),
    'info',
    'What is said on the standard output; from info on, a line for each request',
  ),
  accessLogFormat: define(logs, 'ACCESS_LOG_FORMAT', oneOf(['text', 'json']), 'text', 'Form of those lines'),
  logChat: define(logs, 'LOG_CHAT', boolean, 'false', 'Write what is asked and answered to files'),
  printChat: define(logs, 'PRINT_CHAT', boolean, 'false', 'Show conversations in the terminal as they go'),
  logDir: define(logs, 'LOG_DIR', folder, 'Log', 'Folder of the chat logs'),
  logFormat: define(
    logs,
    'LOG_FORMAT',
    oneOf(['python', 'jsonl']),
    'python',
    "Form of the chat logs: openai-forward's, or JSON lines",
  ),
  logMaxSize: define(
    logs,
    'LOG_MAX_SIZE',
    sizeFrom(2 ** 16),
    '50mb',
    'Size at which a log file is put aside',
  ),
  logKeep: define(
    logs,
    'LOG_KEEP',
    retention,
    '10',
    'How many files put aside are kept of each log, or for how long (0: all)',
  ),
  logRedact: define(
    logs,
    'LOG_REDACT',
    patternList,
    '',
    'Regular expressions whose matches are masked in chat logs: ["\\\\d{16}", "(?i)password: \\\\S+"]',
  ),

  usage: define(
    measures,
    'USAGE',
    boolean,
    'false',
    'Keep what each key, model and route used, for aifd stats',
  ),
  usageKeep: define(measures, 'USAGE_KEEP', durationFrom(86_400), '90d', 'How long it is kept'),
  prices: define(
    measures,
    'PRICES',
    priceTable,
    '',
    'Prices over the built-in ones, USD for a million tokens: {"my-model": {"input": 1, "output": 2}}',
  ),
  metrics: define(
    measures,
    'METRICS',
    oneOf(['off', 'public', 'key']),
    'off',
    'Who may read /metrics: nobody, everybody, or who has a FORWARD_KEY',
  ),
  otelExporterOtlpEndpoint: define(
    measures,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    otlpUrl,
    '',
    'Collector (OTLP over HTTP) that a trace of each request goes to',
  ),
  otelExporterOtlpHeaders: define(
    measures,
    'OTEL_EXPORTER_OTLP_HEADERS',
    headerPairs,
    '',
    'Header fields that the collector is sent, a key for it among them',
    'secret',
  ),
  otelServiceName: define(
    measures,
    'OTEL_SERVICE_NAME',
    nameText,
    '',
    'Name of this service in traces (unset: service.name of OTEL_RESOURCE_ATTRIBUTES, or aifd)',
  ),
  otelResourceAttributes: define(
    measures,
    'OTEL_RESOURCE_ATTRIBUTES',
    attributePairs,
    '',
    'Attributes of this service in traces: deployment.environment.name=production',
  ),
  serverTiming: define(
    measures,
    'SERVER_TIMING',
    boolean,
    'false',
    'Say in Server-Timing what each stage took',
  ),
} as const;
