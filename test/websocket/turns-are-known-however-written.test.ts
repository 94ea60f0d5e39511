import { expect, test } from 'bun:test';
import { eventType, turnAsked } from '../../src/gateway/websocket/events.ts';

const asks = {
  plain: '{"type":"response.create"}',
  'with spaces and line breaks': ' {\r\n\t"type" :\n"response.create" }\n',
  'with a byte order mark': '\ufeff{"type":"response.create"}',
  'type last':
    '{"event_id":"e","response":{"input":[{"type":"x","a":"}]\\"{"}]},"n":[1,-2e3,null],"type":"response.create"}',
  'an escaped dot': '{"type":"response\\u002ecreate"}',
  'all escaped': `{"${escaped('type')}":"${escaped('response.create')}"}`,
  'the last of two types': '{"type":"session.update","type":"response.create"}',
  'cut short behind the type': '{"type":"response.create","input":"',
  'behind a long string': `{"input":"${'\\\\'.repeat(70_000)}\\"","type":"response.create"}`,
  'too nested to be walked': `{"input":${'['.repeat(5_000_000)}${']'.repeat(5_000_000)},"type":"response.create"}`,
};

for (const [name, message] of Object.entries(asks)) {
  test(`a response.create is known, in text and in bytes: ${name}`, () => {
    expect(turnAsked(message)?.toString()).toBe(message);
    expect(turnAsked(Buffer.from(message))?.toString()).toBe(message);
  });
}

const others = {
  'another event': '{"type":"session.update"}',
  'the words in a text':
    '{"type":"conversation.item.create","item":{"text":"{\\"type\\":\\"response.create\\"}"}}',
  'the words in an object within': '{"type":"x","item":{"type":"response.create"}}',
  'the last of two types is another': '{"type":"response.create","type":"x"}',
  'a longer type': '{"type":"response.created"}',
  'a type that is no string': '{"type":["response.create"]}',
  'a list': '["type","response.create"]',
  'a text': '"response.create"',
  nothing: '',
  'the words alone': 'response.create',
  'a member that only looks like it': '{"\\"type":"response.create"}',
};

for (const [name, message] of Object.entries(others)) {
  test(`what is no response.create is not taken for one: ${name}`, () => {
    expect(turnAsked(message)).toBeUndefined();
    expect(turnAsked(Buffer.from(message))).toBeUndefined();
  });
}

/** The type of an event that lies between others in one buffer. */
function read(text: string): string | undefined {
  const data = Buffer.from(`{"type":"before"}${text}{"type":"after"}`);
  return eventType(data, 17, data.length - 16);
}

test("a server's event has its type in any order of members, read no further than its own frame", () => {
  expect(read('{"type":"response.done"}')).toBe('response.done');
  expect(read('{"event_id":"a\\"","response":{"type":"x","b":[[]]},"type": "error"}')).toBe('error');
  expect(read('{"response":{"type":"x"}}')).toBeUndefined();
  expect(read('{"response":"unclosed')).toBeUndefined();
  expect(read('{"response":')).toBeUndefined();
  expect(read('{"response":[')).toBeUndefined();
  expect(read('')).toBeUndefined();
  expect(read('AAAA')).toBeUndefined();
  // Too nested to be walked: its end is known all the same, and gives the place back.
  const nested = `${'['.repeat(5_000_000)}${']'.repeat(5_000_000)}`;
  expect(read(`{"response":${nested},"type":"response.completed"}`)).toBe('response.completed');
});

test('hostile messages of 16 MiB are looked at in milliseconds', () => {
  const size = 16 * 1024 * 1024;
  const hostile = [
    `{"a":"${'\\\\'.repeat(size / 2)}\\u","type":"x"}`,
    `{"a":"${'\\"'.repeat(size / 2)}\\u","type":"x"}`,
    `{${'"\\u0061":"",'.repeat(size / 12)}"type":"x"}`,
    `{${'"\\u0061bcd":"",'.repeat(size / 15)}"type":"x"}`,
    `{"a":${'[{"":'.repeat(size / 5)}"\\u`,
  ].map((text) => Buffer.from(text));
  const took = hostile.map((message) => {
    const tries = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      turnAsked(message);
      eventType(message, 0, message.length);
      // Of the processor: other processes do not count.
      return process.cpuUsage(before).user / 1000;
    });
    return Math.min(...tries);
  });
  // 10 ms on a machine that does nothing else; a call for each quote took 500.
  expect(Math.max(...took)).toBeLessThan(100);
});

function escaped(text: string): string {
  return [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
