import { escapedLine, safeJson } from '../../text/terminal.ts';
import type { Happening } from '../happening.ts';
import { shownUser } from '../../store/user-digest.ts';

export type AccessLogFormat = 'text' | 'json';

/** What is longer is cut: a line stays in one piece when several processes write to one pipe. */
const LONGEST = 512;

/** What stands in text as it is, which nearly all does: in text a value ends at a space, and a quoted one at a quote. */
const plainWord = /^[!#-<>-[\]-~]{1,512}$/;
const plainJson = /^[ !#-[\]-~]{0,512}$/;
const allApart = /["\\]/g;

/** One exchange as a line, with its line break. No query, no key: of a key its digest. */
export function accessLine(happening: Happening, format: AccessLogFormat): string {
  return format === 'json' ? jsonLine(happening) : textLine(happening);
}

function textLine(happening: Happening): string {
  const { id, at, address, user, method, path, status, end, code, model, usage, cache } = happening;
  const { durationMs, firstByteMs, attempts, turn, turns } = happening;
  let line =
    `${timeOf(at)} ${word(id)} ${word(address)} ${keyOf(user)} ` +
    `${word(method)} ${word(path)} ${status} ${end} ${ms(durationMs)}ms`;
  if (firstByteMs !== undefined) line += ` first=${ms(firstByteMs)}ms`;
  if (code !== undefined) line += ` code=${word(code)}`;
  if (model !== '') line += ` model=${word(model)}`;
  if (usage !== undefined) line += tokensOf(usage);
  if (cache !== undefined) line += ` cache=${cache}`;
  if (attempts > 1) line += ` retries=${attempts - 1}`;
  if (turn !== undefined) line += ` turn=${turn}`;
  if (turns !== undefined) line += ` turns=${turns}`;
  return `${line}\n`;
}

function tokensOf({ input, output, reported }: NonNullable<Happening['usage']>): string {
  // A sign before what was not reported.
  const about = reported ? '' : '~';
  const came = input === undefined ? '' : ` in=${input}`;
  return output === undefined ? came : `${came} out=${about}${output}`;
}

function jsonLine(happening: Happening): string {
  const { id, at, address, user, method, path, status, end, code, model, usage, cache } = happening;
  const { durationMs, firstByteMs, attempts, turn, turns } = happening;
  let line =
    `{"time":"${timeOf(at)}","id":${json(id)},"address":${json(address)},"key":"${keyOf(user)}",` +
    `"method":${json(method)},"path":${json(path)},"status":${status},"end":"${end}","duration_ms":${ms(durationMs)}`;
  if (firstByteMs !== undefined) line += `,"first_byte_ms":${ms(firstByteMs)}`;
  if (code !== undefined) line += `,"code":${json(code)}`;
  if (model !== '') line += `,"model":${json(model)}`;
  // The upstream's word: it may be a number that JSON has no form for.
  if (Number.isFinite(usage?.input)) line += `,"input_tokens":${usage!.input}`;
  if (Number.isFinite(usage?.output)) line += `,"output_tokens":${usage!.output}`;
  if (usage !== undefined && !usage.reported) line += ',"estimated":true';
  if (cache !== undefined) line += `,"cache":"${cache}"`;
  if (turn !== undefined) line += `,"turn":${turn}`;
  if (turns !== undefined) line += `,"turns":${turns}`;
  return `${line},"retries":${attempts > 1 ? attempts - 1 : 0}}\n`;
}

/** The second of the last line, and how it is written: a busy server has many lines in one. */
let lastSecond = -1;
let lastText = '';

/** As `2026-11-23T12:00:00.123Z`. */
function timeOf(at: number): string {
  const whole = Math.floor(at);
  const second = Math.floor(whole / 1000);
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toISOString().slice(0, 20);
    lastSecond = second;
  }
  const rest = whole - second * 1000;
  return `${lastText}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}

/** Whose it is: the digest of a key; a dash when it came without one. */
function keyOf(user: string): string {
  return user.startsWith('k:') ? shownUser(user).slice(2) : '-';
}

/** Made once: to write a fraction is the dearest part of a line. */
const hundredths = Array.from({ length: 100 }, (_, i) => `.${i < 10 ? '0' : ''}${i}`);

/** To the hundredth, as `12.50`. */
function ms(time: number): string {
  const all = Math.round(time * 100);
  // What is no time at all must still leave the line whole.
  if (!(all >= 0 && all < 2 ** 53)) return '0.00';
  const whole = Math.floor(all / 100);
  return whole + hundredths[all - whole * 100]!;
}

function word(text: string): string {
  if (plainWord.test(text)) return text;
  if (text === '') return '-';
  return `"${escapedLine(shortened(text).replace(allApart, '\\$&'))}"`;
}

function json(text: string): string {
  if (plainJson.test(text)) return `"${text}"`;
  return safeJson(shortened(text));
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
