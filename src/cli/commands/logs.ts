import type { CommandDef } from 'citty';
import { exitCodes } from '../exit.ts';
import { readLogArguments } from '../logs/arguments.ts';
import { logFolder } from '../logs/folder.ts';
import { runSearch, runTail } from '../logs/run.ts';

const summary = 'look at the chat logs, follow them, or search them';

const help = `aifd logs: ${summary}

Usage: aifd logs tail [-n N] [--follow] [FILTER] [--raw|--json]
       aifd logs search [--since TIME] [FILTER] [--raw|--json] TEXT

A line an exchange: time, who (digest of the key, or address), model, status, tokens in+out, the first words of question
and answer. Logs of openai-forward are read too. search finds TEXT in any case, in all that was asked and answered, rotated
files included.

  -n, --lines N    Exchanges of the past that tail shows (default 10)
  -f, --follow     Go on with what is written from now on
  --since TIME     Only what was asked since: 90s, 15m, 24h, 7d
  --raw            Print the log's own lines
  --json           Print a JSON object an exchange
  --log-dir DIR    The LOG_DIR of aifd run [LOG_DIR=Log]
  --env-file FILE  Read this file and not .env
  --help           Show this text

Where nothing is found, a line on standard error says so; the exit code is 0 all the same.

Filters; all that are given must hold
  --key K          The key, or the beginning of its digest as it is shown
  --model M        * stands for anything
  --status S       200, 4xx or 429,5xx
  --target PREFIX  Route prefix of a target: /, /localai
  --kind KIND      chat, completion, embedding, response or whisper

Example: aifd logs search --since 2d --status 4xx 'context length'`;

/** `aifd logs tail|search`: what the chat logs say. */
const command: CommandDef = {
  meta: { name: 'logs', description: summary },
  run: async ({ rawArgs }) => {
    const asked = readLogArguments(rawArgs);
    if (asked === undefined) {
      console.log(help);
      return exitCodes.clean;
    }
    const folder = logFolder(asked.flags);
    await (asked.action === 'tail' ? runTail(folder, asked) : runSearch(folder, asked));
    return exitCodes.clean;
  },
};

export default command;
