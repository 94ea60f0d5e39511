import { readJson } from '../../record/chatlog/literal-json.ts';
import { readLiteral } from '../../record/chatlog/literal-read.ts';
import { memberOf } from '../../record/chatlog/literal-value.ts';
import { jsonProblem } from './json-problem.ts';

/** A line of a chat log as it was read. */
export interface Fields {
  readonly uid: string;
  /** Else an answer. */
  readonly isRequest: boolean;
  /** For `memberOf`: what JSON.parse made of it, or a Map. */
  readonly fields: object;
}

/**
 * Reads a line of a chat log in either format.
 *
 * @throws Error that says what is wrong with the line
 */
export function readFields(line: string): Fields {
  const fields = parsed(line);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new TypeError('it is no dict');
  const uid = memberOf(fields, 'uid');
  if (typeof uid !== 'string') throw new TypeError('it has no uid');
  const isRequest = memberOf(fields, 'messages') !== undefined || memberOf(fields, 'datetime') !== undefined;
  return { uid, isRequest, fields };
}

/** What it begins with says which format is meant. */
function parsed(line: string): unknown {
  if (!line.trimStart().startsWith('{"')) return literal(line);
  try {
    return readJson(line);
  } catch {
    return literalOrJson(line);
  }
}

/** Python writes double quotes where the text has single ones. */
function literalOrJson(line: string): unknown {
  try {
    return readLiteral(line);
  } catch {
    throw new SyntaxError(jsonProblem(line));
  }
}

function literal(line: string): unknown {
  try {
    return readLiteral(line);
  } catch (error) {
    if (line.trimStart().startsWith('{')) throw error;
    throw new SyntaxError('neither a Python literal nor JSON', { cause: error });
  }
}
