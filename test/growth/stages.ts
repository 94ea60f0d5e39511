import { maskUrl } from '../../src/config/mask.ts';
import { readQuestion } from '../../src/openai/canonical.ts';
import { takeCaching } from '../../src/gateway/caching-field.ts';
import { estimateTokens } from '../../src/openai/usage/estimate.ts';
import { accessLine } from '../../src/record/access/access-line.ts';
import { assembleStream } from '../../src/record/chatlog/answer-line-stream.ts';
import { jsonText, readJson } from '../../src/record/chatlog/literal-json.ts';
import { pythonLiteral } from '../../src/record/chatlog/literal.ts';
import { readLiteral } from '../../src/record/chatlog/literal-read.ts';
import { redaction } from '../../src/record/chatlog/redact.ts';
import { requestBody } from '../../src/record/chatlog/request-line-body.ts';
import { boundaryOf, formFields } from '../../src/openai/form.ts';
import { PassingJson } from '../../src/openai/passing.ts';
import { SafeLines } from '../../src/record/print/print-lines.ts';
import { LiveText } from '../../src/record/print/print-live.ts';
import { EventSplitter, eventData } from '../../src/openai/sse.ts';
import { JsonUsage } from '../../src/openai/usage/usage-json.ts';
import { StreamUsage } from '../../src/openai/usage/usage-stream.ts';
import { eventType, turnAsked } from '../../src/gateway/websocket/events.ts';
import { forwardablePath } from '../../src/openai/path.ts';
import { jsonProblem } from '../../src/cli/chatlog/json-problem.ts';
import { escapedLine, safeLine, safeText } from '../../src/text/terminal.ts';
import { linearMask } from '../../src/text/linear.ts';
import { happening } from '../logfile/printer.ts';

const redact = redaction(['sk-realkey-1234567890', 'fk-abc'], []);
const operators = linearMask(/(?:\d{4}[- ]?){4}|(a+)+$|password: \S+/i);

/** Each stage that text of clients or upstreams passes; it may refuse the text, by an error. */
export const stages: Readonly<Record<string, (text: string) => unknown>> = {
  redaction: redact,
  LOG_REDACT: operators,
  'a URL masked': maskUrl,
  'JSON read exactly': (text) => readJson(text),
  'a JSON text read exactly': (text) => readJson(JSON.stringify({ a: text })),
  'JSON that is damaged': (text) => readJson(text, null),
  'Python literals written': (text) => pythonLiteral(text, redact),
  'values written as Python literals': (text) => pythonLiteral(JSON.parse(text), redact),
  'JSON written': (text) => jsonText(JSON.parse(text), 2, redact),
  'Python literals read': readLiteral,
  'Python texts read': (text) => readLiteral(pythonLiteral(text)),
  'damaged Python texts read': (text) => readLiteral(`'''${text}`),
  'the question of the cache': (text) => readQuestion(bytes(text)),
  'a text in the question of the cache': (text) => readQuestion(bytes(JSON.stringify({ messages: text }))),
  'the "caching" field': (text) => takeCaching(bytes(`{"caching":1,${text}`)),
  'the "caching" field behind a text': (text) =>
    takeCaching(bytes(JSON.stringify({ a: text, caching: true }))),
  'events in one piece': (text) => splitEvents(text, text.length),
  'events in small pieces': (text) => splitEvents(text, 7),
  'the data of an event': (text) => eventData(bytes(text)),
  'terminal text': safeText,
  'terminal line': safeLine,
  'log line': escapedLine,
  'printed lines': (text) => printLines(text, text.length),
  'printed lines in small pieces': (text) => printLines(text, 5),
  'printed events': (text) => {
    const live = new LiveText(new SafeLines(() => {}));
    inPieces(bytes(text), 100, (piece) => live.chunk(piece));
    live.end();
  },
  'access log': (text) => accessLine({ ...happening(text, {}, '', ''), path: text, model: text }, 'json'),
  'usage of JSON': (text) => {
    const usage = new JsonUsage();
    inPieces(bytes(`{${text}`), 997, (piece) => usage.chunk(piece));
    usage.finish(false);
  },
  'usage of events': (text) => {
    const usage = new StreamUsage();
    inPieces(bytes(text), 997, (piece) => usage.chunk(piece));
    usage.finish();
  },
  'a form': (text) => formFields(bytes(`--b\r\n${text}`)),
  'a field of a form': (text) =>
    formFields(bytes(`--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n${text}`)),
  // A head has 64 KiB at most.
  'the boundary of a form': (text) => boundaryOf(`multipart/form-data;${text.slice(0, 65_536)}`),
  'a path': (text) => forwardablePath(`http://a/${text.slice(0, 65_536)}`),
  'the estimate of a text': (text) => estimateTokens({ messages: [{ role: 'user', content: text }] }),
  'the estimate': (text) => estimateTokens(JSON.parse(text)),
  'a chat stream assembled': (text) => assembleStream('chat', text),
  'a response stream assembled': (text) => assembleStream('response', text),
  'a transcript assembled': (text) => assembleStream('whisper', text),
  'a request too long to hold': (text) => {
    const passing = new PassingJson();
    inPieces(bytes(`{${text}`), 97, (piece) => passing.chunk(piece));
    passing.asked();
  },
  'a request in a log': (text) => requestBody(bytes(text)),
  'what is wrong with a line': jsonProblem,
  "a client's WebSocket message": (text) => turnAsked(`{"a":${text},"\\u0074ype":"response.create"}`),
  "a server's WebSocket message": (text) => typeOfEvent(`{"a":${text},"type":"response.done"}`),
  "a text in a server's WebSocket message": (text) =>
    typeOfEvent(`{"a":${JSON.stringify(text)},"type":"response.done"}`),
};

function typeOfEvent(text: string): string | undefined {
  const event = bytes(text);
  return eventType(event, 0, event.length);
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

function inPieces(all: Uint8Array, length: number, take: (piece: Uint8Array) => void): void {
  for (let at = 0; at < all.length; at += length) take(all.subarray(at, at + length));
}

function splitEvents(text: string, length: number): void {
  const splitter = new EventSplitter();
  inPieces(bytes(text), length, (piece) => splitter.feed(piece, () => {}));
  splitter.rest();
}

function printLines(text: string, length: number): void {
  const lines = new SafeLines(() => {});
  for (let at = 0; at < text.length; at += length) lines.chunk(text.slice(at, at + length));
  lines.end();
}
