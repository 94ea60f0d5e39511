import { startUpstream, ok } from '../support/upstream.ts';
import { startAifd, forwardingTo } from '../support/aifd.ts';
import { ask, askRaw, requestBytes, RawClient } from '../support/raw.ts';
await using up = await startUpstream();
await using aifd = await startAifd(forwardingTo(up.url));
const go = async (label: string, bytes: string|Uint8Array, method='GET') => {
  const n = up.requests.length;
  let out: string;
  try { const r = await askRaw(aifd.url, bytes, method); out = `${r.status} ${r.text.slice(0,150)}`; } catch (e) { out = String(e); }
  const reqs = up.requests.slice(n);
  console.log(label, '=>', out, '|', reqs.map(r => JSON.stringify(r.message.start+' || '+r.message.headers.map(h=>h.join(': ')).join(' ; ')+' || '+r.text)).join('  '));
};
const H = '\r\nHost: aifd.test\r\n\r\n';
for (const t of ['/v1/models','/openai:9102/x','//evil/x','/v1/../../x','/v1/%2e%2e/%2e%2e/x','/v1/..%2f..%2fx','/v1\\..\\..\\x','\\\\evil\\x','http://evil.tld/x','http://evil.tld:99','https://evil/x','*','evil.tld:443','/%zz','/%','/a%00b','/a?x=../..&y=%2e','/a#frag','/é','/\xc4\x8d\xc4\x8aX','/a;b=c','/.','/..','/...','','?x','/healthz','/readyz','/healthz/','/a%2Fb%20c?q=%41&r=a+b', '/./x', '/a//b', '/a/%2E./b','/..;/x', "/a'\"<>{}|^`b"])
  await go(t, `GET ${t} HTTP/1.1${H}`);
for (const m of ['HEAD','POST','PUT','PATCH','DELETE','OPTIONS','TRACE','CONNECT','PROPFIND','QUERY','FOO','M-SEARCH','get','LINK'])
  await go(m, `${m} /x HTTP/1.1${H}`, m);
await go('CONNECT auth', `CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n`);
await go('no host', `GET /x?a=1 HTTP/1.1\r\n\r\n`);
await go('1.0', `GET /x?a=1 HTTP/1.0\r\n\r\n`);
await go('no host utf', `GET /\xc4\x8d\xc4\x8aX HTTP/1.0\r\n\r\n`);
await go('no host abs', `GET http://evil/x HTTP/1.0\r\n\r\n`);
await go('host slash', `GET /x HTTP/1.1\r\nHost: a/b/c\r\n\r\n`);
await go('host ?', `GET /x HTTP/1.1\r\nHost: a?b\r\n\r\n`);
await go('host #', `GET /x HTTP/1.1\r\nHost: a#b\r\n\r\n`);
await go('host @', `GET /x HTTP/1.1\r\nHost: u:p@a:99999\r\n\r\n`);
await go('host empty', `GET /x HTTP/1.1\r\nHost: \r\n\r\n`);
await go('2 hosts', `GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`);
await go('utf header', `GET /x HTTP/1.1\r\nHost: a\r\nX-A: \xc4\x8d\xc4\x8aEvil: 1\r\nX-L: \xe9\r\n\r\n`);
await go('dups', `GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nX-Empty:\r\n\r\n`);
await go('GET body', requestBytes('/x', {body:'hello'}));
await go('GET chunked', `GET /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
await go('HEAD body', requestBytes('/x', {method:'HEAD',body:'hello'}), 'HEAD');
await go('DELETE body', requestBytes('/x', {method:'DELETE',body:'hello'}));
await go('OPTIONS body', requestBytes('/x', {method:'OPTIONS',body:'hello'}));
await go('POST cl0', requestBytes('/x', {method:'POST',body:''}));
await go('POST badjson', requestBytes('/x', {method:'POST',headers:['Content-Type: application/json'],body:'{not json'}));
await go('TE+CL', `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
await go('2xCL', `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nhello`);
await go('TE gzip', `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
await go('expect', `POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`);
await go('chunk trailers', `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n`);
await go('hop', `GET /x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\nAccept-Encoding: br\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n`);
await go('conn: host', `GET /x HTTP/1.1\r\nHost: a\r\nConnection: host, content-length\r\n\r\n`);
process.exit(0);
