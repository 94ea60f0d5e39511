import { LogFiles } from '../../src/record/logfile/writer.ts';

/** Appends numbered lines as one of several processes. */
const [folder, name, count, maxSize] = process.argv.slice(2) as [string, string, string, string];
const files = new LogFiles({
  folder,
  maxSize: Number(maxSize),
  keep: undefined,
  say: (message) => console.error(message),
});
for (let index = 0; index < Number(count); index++) {
  const text = 'x'.repeat((index * 7919) % 900);
  files.write(
    'openai/chat/chat.log',
    `${name} ${index} request ${text} end\n${name} ${index} answer ${text} end\n`,
  );
  if (index % 50 === 0) await Bun.sleep(0);
}
await files.close();
