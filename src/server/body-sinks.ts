import { colors } from 'consola/utils';
import type { Aside } from '../record/aside.ts';
import { redaction } from '../record/chatlog/redact.ts';
import { ChatLog } from '../record/chatlog/sink.ts';
import { LogFiles } from '../record/logfile/writer.ts';
import { ChatPrinter } from '../record/print/print.ts';
import type { AsideSetup } from './aside-messages.ts';

/** The chat log of a setup that has one. @param aside - for large bodies; none on the thread that reads these */
export function chatLogOf(
  { log, keys, redact }: AsideSetup,
  say: (message: string) => void,
  aside?: Aside,
): ChatLog {
  const { folder, maxSize, keep, format } = log!;
  return new ChatLog(new LogFiles({ folder, maxSize, keep, say }), {
    format,
    keys,
    redact,
    ...(aside && { aside }),
    onProblem: (error) => say(`chat log: an exchange could not be written: ${String(error)}`),
  });
}

/** The printer of a setup that has one. @param aside - as above */
export function printerOf(
  { print, keys, redact }: AsideSetup,
  write: (text: string) => void,
  aside?: Aside,
): ChatPrinter {
  return new ChatPrinter({
    write,
    // Before lines are broken: a key over two lines would not be known.
    filter: redaction(keys, redact),
    ...(aside && { aside }),
    ...(print!.isColored && {
      colors: { id: colors.dim, question: colors.cyan, answer: (text) => text, note: colors.yellow },
    }),
  });
}
