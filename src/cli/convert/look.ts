/** Whose half a line is, without reading it. */
export interface Look {
  readonly uid: string;
  readonly isRequest: boolean;
}

const usual = [
  { head: "{'", uid: Buffer.from("'uid': '"), quote: 0x27 },
  { head: '{"', uid: Buffer.from('"uid":"'), quote: 0x22 },
] as const;
const requests = /^\{['"](?:messages|functions)['"]:/;
const answers = /^\{['"]assistant['"]:/;
const plain = /^[\w-]+$/;

/** Longest beginning that tells the kind. */
const HEAD = 14;
const LONGEST_UID = 80;

/**
 * Reads as much of a line as it takes, when it is one as aifd and the original write them.
 *
 * @returns undefined when the line must be read to know: it may be broken, or somebody's text may look like a uid
 */
export function lookAt(line: Buffer): Look | undefined {
  const head = line.toString('latin1', 0, HEAD);
  const form = head.startsWith(usual[0].head) ? usual[0] : usual[1];
  const isRequest = requests.test(head);
  if (line.at(-1) !== 0x7d || (!isRequest && !answers.test(head))) return undefined;
  const at = line.indexOf(form.uid);
  if (at < 0 || line.indexOf(form.uid, at + 1) >= 0) return undefined;
  const start = at + form.uid.length;
  const end = line.indexOf(form.quote, start);
  if (end < 0 || end - start > LONGEST_UID) return undefined;
  const uid = line.toString('latin1', start, end);
  return plain.test(uid) ? { uid, isRequest } : undefined;
}
