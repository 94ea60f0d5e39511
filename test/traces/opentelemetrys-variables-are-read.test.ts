import { expect, test } from 'bun:test';
import { load } from '../../src/config/load.ts';
import { options } from '../../src/config/options.ts';
import { startAifd } from '../support/aifd.ts';
import { startUpstream } from '../support/upstream.ts';
import { emptyFolder } from '../support/aifd.ts';
import { startCollector } from './collector.ts';

/** What a collector is sent for a request, with these variables set. */
async function exported(env: Record<string, string>) {
  await using collector = startCollector();
  await using upstream = await startUpstream((request) => request.answer(200, 'ok'));
  {
    const OPENAI_BASE_URL = upstream.url;
    await using aifd = await startAifd({
      OPENAI_BASE_URL,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...env,
    });
    await fetch(`${aifd.url}/v1/models`);
  }
  return { resource: collector.spans[0]!.resource, headers: collector.requests[0]!.headers };
}

test('headers, the name and attributes reach the collector', async () => {
  const { resource, headers } = await exported({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20tok-0123456789, x-scope=team',
    OTEL_SERVICE_NAME: 'gate',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod%20eu,service.name=other,service.version=9',
  });
  expect(headers.get('authorization')).toBe('Bearer tok-0123456789');
  expect(headers.get('x-scope')).toBe('team');
  expect(resource).toMatchObject({
    'service.name': 'gate',
    'deployment.environment.name': 'prod eu',
    'service.version': '9',
  });
});

test('without OTEL_SERVICE_NAME the attributes name the service; without both it is aifd', async () => {
  const named = await exported({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=other' });
  expect(named.resource['service.name']).toBe('other');
  expect((await exported({})).resource['service.name']).toBe('aifd');
});

const read = (env: Record<string, string>) => load({ flags: {}, env, cwd: emptyFolder() }).config;

test('the headers are shown masked, whole or refused', () => {
  const { kind } = options.otelExporterOtlpHeaders;
  const { otelExporterOtlpHeaders } = read({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20topsecret99,api-key=short',
  });
  expect(kind.show(otelExporterOtlpHeaders)).toBe('authorization=Bea…et99,api-key=***');
  for (const bad of ['topsecret99', 'a=b,topsecret99', 'a=topsecret99%0d%0ab', 'x y=topsecret99']) {
    let message = '';
    try {
      read({ OTEL_EXPORTER_OTLP_HEADERS: bad });
    } catch (error) {
      message = JSON.stringify(error) + (error as Error).message;
    }
    expect(message).toContain('OTEL_EXPORTER_OTLP_HEADERS');
    expect(message).not.toContain('topsecret99');
  }
});
