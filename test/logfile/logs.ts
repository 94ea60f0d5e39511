import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LogFiles, type LogFilesOptions } from '../../src/record/logfile/writer.ts';
import { folder } from '../cli/aifd.ts';

/** Both lines of an exchange as Python literals. */
export function python(uid: string, question: string, answer: string, more = ''): string {
  const model = uid.startsWith('mini') ? 'gpt-4o-mini' : 'gpt-4o';
  return (
    `{'messages': [{'role': 'user', 'content': '${question}'}], 'model': '${model}', 'ip': '10.0.0.1', 'uid': '${uid}', ` +
    `'datetime': '2026-11-20 12:00:00', 'key': 'abcdefghijklmnop', 'status': 200, 'end': 'whole'${more}}\n` +
    `{'assistant': '${answer}', 'is_function_call': False, 'uid': '${uid}', 'usage': {'prompt_tokens': 3, 'completion_tokens': 4}}\n`
  );
}

/** The same as JSON. */
export function json(uid: string, question: string, answer: string, status = 200): string {
  const request = {
    messages: [{ role: 'user', content: question }],
    model: 'gpt-4o',
    ip: '10.0.0.2',
    uid,
    datetime: '2026-11-21 12:00:00',
    key: 'ponmlkjihgfedcba',
    status,
    end: 'whole',
  };
  return `${JSON.stringify(request)}\n${JSON.stringify({ assistant: answer, is_function_call: false, uid })}\n`;
}

/** A folder of logs. @param files - by their names under it */
export function logs(files: Record<string, string>): string {
  const root = folder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

/** A writer, and what it said. */
export function writer(options: Partial<LogFilesOptions> & { folder: string }) {
  const said: string[] = [];
  const files = new LogFiles({
    maxSize: 0,
    keep: undefined,
    say: (message) => said.push(message),
    ...options,
  });
  return { files, said };
}
