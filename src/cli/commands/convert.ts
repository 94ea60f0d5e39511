import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { CommandDef } from 'citty';
import { type Grammar, readArguments } from '../arguments.ts';
import { convert, type Converted } from '../convert/convert.ts';
import { type ChatLogFiles, findChatLogs } from '../convert/files.ts';
import { OutputFile } from '../convert/output.ts';
import { Progress } from '../convert/progress.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { logFolder } from '../logs/folder.ts';

const summary = 'make JSON of chat logs: chat_openai.json';

const help = `aifd convert: ${summary}

Usage: aifd convert [--log-folder DIR] [--output FILE] [--full]

Joins the request and the answer of each exchange in DIR/openai/chat/chat.log, rotated files too, oldest first, and writes them
as a JSON array: chat_openai.json in the current folder, and one such file for each other target prefix. Python literals
(the original's logs too) and JSON lines are read. Lines that can't be read are named and passed over.

  --log-folder DIR  The folder of all logs, of one prefix, or of one chat log [LOG_DIR=Log]
  --env-file FILE   Read this file and not .env
  --output FILE     Where the array goes, when there is one log; a folder for the files of several; - for standard output
  --full            All that the log has of each exchange; else what the original's aifd convert gives
  --help            Show this text`;

const grammar: Grammar = {
  command: 'convert',
  options: ['logDir'],
  values: ['output'],
  switches: ['full'],
  // openai-forward's names, too.
  aliases: { 'log-folder': 'log-dir', log_folder: 'log-dir', target_path: 'output' },
};

/** Broken lines that are named, of each log. */
const MOST_NAMED = 20;

/** A signal came. */
class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super();
  }
}

/** `aifd convert`: conversations out of chat logs. */
const command: CommandDef = {
  meta: { name: 'convert', description: summary },
  run: async ({ rawArgs }) => {
    const { flags, switches, values } = readArguments(rawArgs, grammar);
    if (switches.has('help')) {
      console.log(help);
      return exitCodes.clean;
    }
    const output = values.get('output');
    const full = switches.has('full');
    const place = relative(process.cwd(), logFolder(flags)) || '.';
    const logs = findChatLogs(place);
    if (logs.length === 0) return failed(`there is no chat log in ${place}: LOG_CHAT=true writes them`);
    const isFolder = output !== undefined && (output.endsWith('/') || isDirectory(output));
    if (logs.length > 1 && output !== undefined && !isFolder)
      throw new UsageError(
        `${logs.length} logs can't go to one file: name one with --log-folder, or a folder`,
      );
    try {
      for (const log of logs) {
        const path =
          output === undefined || isFolder ? join(output ?? '', `chat_${log.prefix}.json`) : output;
        await convertTo(path, log, full);
      }
    } catch (error) {
      if (error instanceof Interrupted) return error.exitCode;
      const { code, message } = error as NodeJS.ErrnoException;
      if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return failed(message);
      throw error;
    }
    return exitCodes.clean;
  },
};

export default command;

async function convertTo(path: string, log: ChatLogFiles, full: boolean): Promise<void> {
  for (const file of log.passedOver) console.error(`aifd: ${file} is compressed and was passed over`);
  const total = log.files.reduce((sum, file) => sum + statSync(file).size, 0);
  const progress = new Progress(total);
  const out = new OutputFile(path);
  const asked = new AbortController();
  const onSigint = (): void => asked.abort(new Interrupted(130));
  const onSigterm = (): void => asked.abort(new Interrupted(143));
  process.on('SIGINT', onSigint).on('SIGTERM', onSigterm);
  let named = 0;
  try {
    const converted = await convert(log, out, {
      full,
      signal: asked.signal,
      onRead: (bytes) => progress.add(bytes),
      onBroken: (file, line, why) => {
        if (++named > MOST_NAMED) return;
        progress.clear();
        console.error(`aifd: ${file}:${line}: ${why}`);
      },
    });
    await out.finish();
    progress.clear();
    // Who reads on has seen enough: `| head`.
    if (!out.isOver) report(path, converted);
  } catch (error) {
    progress.clear();
    out.abandon();
    throw error;
  } finally {
    process.off('SIGINT', onSigint).off('SIGTERM', onSigterm);
  }
}

function report(path: string, { conversations, broken, requests, answers }: Converted): void {
  const tell = path === '-' ? console.error : console.log;
  tell(`${path === '-' ? 'standard output' : path}: ${count(conversations, 'conversation')}`);
  if (broken > MOST_NAMED) console.error(`aifd: and ${count(broken - MOST_NAMED, 'broken line')} more`);
  if (broken > 0) console.error(`aifd: ${count(broken, 'broken line')} passed over`);
  if (requests > 0) console.error(`aifd: ${count(requests, 'request')} without an answer left out`);
  if (answers > 0) console.error(`aifd: ${count(answers, 'answer')} without a request left out`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function failed(message: string): number {
  console.error(`aifd: ${message}`);
  return exitCodes.failed;
}
