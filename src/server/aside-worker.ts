/** The thread for large bodies: see `aside.ts`. */
import type { ChatLog } from '../record/chatlog/sink.ts';
import type { ChatPrinter } from '../record/print/print.ts';
import type { AsideSetup, FromAside, ToAside } from './aside-messages.ts';
import { chatLogOf, printerOf } from './body-sinks.ts';
import { useUserSecret } from '../store/user-digest.ts';

declare const self: Worker;

let log: ChatLog | undefined;
let printer: ChatPrinter | undefined;

self.addEventListener('message', ({ data }: MessageEvent<ToAside>): void => {
  if (data.kind === 'setup') return open(data.setup);
  if (data.kind === 'close') return void close();
  try {
    if (data.kind === 'log') log!.happened(data.happening);
    else if (data.kind === 'print') printer!.happened(data.happening);
    else printer!.showQuestion(data.id, data.request);
  } catch (error) {
    post({ kind: 'problem', message: `an exchange could not be recorded: ${String(error)}` });
  }
  if (data.kind === 'question') post({ kind: 'question', id: data.id });
  post({ kind: 'done' });
});

function open(setup: AsideSetup): void {
  useUserSecret(setup.userSecret);
  if (setup.log) log = chatLogOf(setup, (message) => post({ kind: 'problem', message }));
  if (setup.print) printer = printerOf(setup, (text) => post({ kind: 'text', text }));
}

async function close(): Promise<void> {
  await Promise.all([log?.close(), printer?.close()]);
  post({ kind: 'closed' });
}

function post(message: FromAside): void {
  self.postMessage(message, []);
}
