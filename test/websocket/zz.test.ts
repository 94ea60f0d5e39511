import { test } from 'bun:test';
import { makeCertificate } from '../server/certificate.ts';
import { spawnAifd } from '../support/aifd.ts';
import { shakeHands } from './client.ts';
import { startRawUpstream } from './raw-upstream.ts';
import { ask } from '../support/raw.ts';
test('x', async () => {
  const tls = makeCertificate();
  using plain = await Bun.serve({port:0,tls:{cert:tls.cert,key:tls.key},fetch:()=>new Response('hi')});
  {
  await using a = await spawnAifd({ OPENAI_BASE_URL: `https://127.0.0.1:${plain.port}`, NODE_EXTRA_CA_CERTS: tls.certFile, MAX_RETRIES:'0' });
  const r = await ask(a.url,'/x'); console.log('plain', r.status, r.text);
  }
  using upstream = await startRawUpstream({ tls, joined: () => console.log('joined') });
  await using aifd = await spawnAifd({ OPENAI_BASE_URL: upstream.url, NODE_EXTRA_CA_CERTS: tls.certFile, MAX_RETRIES:'0' });
  const { raw, response } = await shakeHands(aifd.url);
  console.log(response.status, response.text, upstream.heads);
  raw.leave();
}, 20000);
