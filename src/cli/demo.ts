import type { Flags } from '../config/load.ts';
import { flagOf, type OptionName, optionNames, optionOf } from '../config/options.ts';
import { UsageError } from './exit.ts';

/** A built-in upstream, and the flags that put aifd before it. */
export interface Demo {
  readonly flags: Flags;
  /** What environment and `.env` say of targets and keys: the demo must work whatever is there. */
  readonly setAside: readonly OptionName[];
  /** Streams a chat through aifd to the terminal, then says what to try next. */
  chat(url: string): Promise<void>;
  stop(): void;
}

/** The demo decides these itself. */
const taken = optionNames.filter((name) => {
  const { group } = optionOf(name);
  return group === 'Targets' || group === 'Keys and access' || name === 'workers';
});

/**
 * Starts the upstream of `aifd run --demo`.
 *
 * @throws UsageError when a flag says where to forward or with which key: the demo would have to ignore it
 */
export async function startDemo(flags: Flags): Promise<Demo> {
  const clash = taken.find((name) => flags[name] !== undefined);
  if (clash !== undefined) throw new UsageError(`--demo can't be used with --${flagOf(optionOf(clash))}`);
  const { startDemoUpstream } = await import('../demo/upstream.ts');
  const upstream = startDemoUpstream();
  return {
    flags: { ...flags, openaiBaseUrl: upstream.url },
    setAside: taken,
    stop: () => upstream.stop(),
    chat: async (url) => {
      const { demoChat } = await import('../demo/chat.ts');
      const reachable = localUrl(url);
      console.log('demo: what the environment and .env say of targets, keys and workers is not used');
      console.log('\nA chat, streamed through aifd from the built-in upstream:\n');
      await demoChat(reachable, (text) => process.stdout.write(text));
      console.log(`\nTry it yourself (Ctrl-C ends the demo):\n\n${curlLine(reachable)}\n`);
    },
  };
}

/** `0.0.0.0` and `::` are where we listen, not where one can call. */
function localUrl(url: string): string {
  return url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]').replace(/\/$/, '');
}

function curlLine(url: string): string {
  const body = '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello!"}]}';
  return `curl -N ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`;
}
