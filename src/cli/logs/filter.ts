import { userOfKey } from '../../gateway/admit/user.ts';
import { UsageError } from '../exit.ts';
import { keyOf, type LoggedExchange, modelOf, statusOf } from './exchange.ts';
import { shownUser } from '../../store/user-digest.ts';

export type Filter = (exchange: LoggedExchange) => boolean;

/** All that are given must hold. @param given - options by name @throws UsageError */
export function readFilter(given: ReadonlyMap<string, string>): Filter {
  const tests: Filter[] = [];
  const [key, model, status] = ['key', 'model', 'status'].map((name) => given.get(name));
  if (key !== undefined) tests.push(isOfKey(key));
  if (model !== undefined) {
    const pattern = wildcards(model);
    tests.push((exchange) => pattern.test(modelOf(exchange)));
  }
  if (status !== undefined) {
    const pattern = statuses(status);
    tests.push((exchange) => pattern.test(String(statusOf(exchange) ?? '')));
  }
  return (exchange) => tests.every((test) => test(exchange));
}

/** A digest or its beginning, as logs show it, or the key itself. */
function isOfKey(text: string): Filter {
  const start = text.replace(/^k:/, '');
  const user = userOfKey(text);
  // The second is what logs of an older version have.
  const digests = new Set([shownUser(user).slice(2), user.slice(2)]);
  return (exchange) => {
    const key = keyOf(exchange);
    return key !== '' && (digests.has(key) || key.startsWith(start));
  };
}

/** A `*` stands for anything. */
function wildcards(text: string): RegExp {
  return new RegExp(
    `^${text
      .split('*')
      .map((piece) => RegExp.escape(piece))
      .join('.*')}$`,
    's',
  );
}

function statuses(text: string): RegExp {
  const parts = text
    .toLowerCase()
    .split(',')
    .map((part) => part.trim());
  const wrong = parts.find((part) => !/^[1-5](?:\d\d|xx)$/.test(part));
  if (wrong !== undefined) {
    throw new UsageError(`--status is '${text}'; accepted: statuses and classes, as 200, 4xx or 429,5xx`);
  }
  return new RegExp(`^(?:${parts.map((part) => part.replace('xx', '\\d\\d')).join('|')})$`);
}
