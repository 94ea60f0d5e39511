import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { convert } from '../../src/cli/convert/convert.ts';
import { jsonProblem } from '../../src/cli/chatlog/json-problem.ts';
import { logs } from '../logfile/logs.ts';

const request = (uid: string) => `{'messages': [], 'uid': '${uid}', 'datetime': 'd'}`;
const answer = (uid: string) => `{'assistant': 'x', 'uid': '${uid}'}`;

/** What is told of a log's broken lines, and what else came of it. */
async function converted(lines: string[]) {
  const path = join(logs({ 'chat.log': lines.map((line) => `${line}\n`).join('') }), 'chat.log');
  const told: string[] = [];
  const out = { write: () => {}, flush: async () => true };
  const { conversations, requests, answers } = await convert(
    { prefix: 'openai', files: [path], passedOver: [] },
    out,
    {
      full: false,
      onRead: () => {},
      onBroken: (_, line, why) => told.push(`${line}: ${why}`),
    },
  );
  return { told: told.toSorted(), counts: [conversations, requests, answers] };
}

test('each format has its own words, and says where it is broken', async () => {
  const { told, counts } = await converted([
    '{"messages":[],"uid":"a',
    '{"messages":[{"role":user}],"uid":"a"}',
    '{"messages":[],"uid":"a"}{',
    "{'messages': [",
    "{'messages': [oh], 'uid': 'c'}",
    'essages": [], "uid": "a"}',
    '\u0000\u0000',
    '{"uid": 5}',
    '[1]',
    request('b'),
    answer('b'),
  ]);
  expect(told).toEqual([
    '1: not JSON: it ends too early',
    '2: not JSON from character 22 on',
    '3: not JSON from character 26 on',
    '4: not a Python literal: it ends too early',
    '5: not a Python literal from character 17 on',
    '6: neither a Python literal nor JSON',
    '7: neither a Python literal nor JSON',
    '8: it has no uid',
    '9: it is no dict',
  ]);
  expect(counts).toEqual([1, 0, 0]);
});

test('halves that look whole and are not leave the other without one', async () => {
  const { told, counts } = await converted([
    "{'messages': [oh], 'uid': 'a'}",
    answer('a'),
    request('b'),
    "{'assistant': oh, 'uid': 'b'}",
    "{'assistant': oh, 'uid': 'c'}",
  ]);
  expect(told.map((line) => line.slice(0, 24))).toEqual([
    '1: not a Python literal ',
    '4: not a Python literal ',
    '5: not a Python literal ',
  ]);
  expect(counts).toEqual([0, 1, 1]);
});

test('somebody may write what looks like a uid', async () => {
  const spoof = `{'messages': [{'role': 'user', 'content': "'uid': 'b'"}], 'uid': 'a', 'datetime': 'd'}`;
  const { told, counts } = await converted([spoof, request('b'), answer('b'), answer('a')]);
  expect([told, counts]).toEqual([[], [2, 0, 0]]);
});

test('JSON is found broken where it is', () => {
  for (const [text, problem] of [
    ['{"a":"b\\', 'it ends too early'],
    ['{"a":"\\u12', 'it ends too early'],
    ['{"a":"\\x"}', 'from character 7 on'],
    ['{"a":[1,]}', 'from character 9 on'],
    ['{"a" 1}', 'from character 6 on'],
    ['{"a":1,}', 'from character 8 on'],
    ['{"a":"\n"}', 'from character 7 on'],
    ['{"a":{"b":[true,nul', 'from character 17 on'],
  ] as const)
    expect([text, jsonProblem(text)]).toEqual([text, expect.stringContaining(problem)]);
});
