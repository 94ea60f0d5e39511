import { escapedLine } from '../../text/terminal.ts';
import { jsonText } from './literal-json.ts';
import { pythonLiteral, type TextFilter } from './literal.ts';

/** How lines are written: as Python literals, or as JSON. */
export type LogFormat = 'python' | 'jsonl';

/** One line of a log as it grows, field by field; names are ours and need no escaping. */
export interface Line {
  /** @param value - undefined is written as null */
  add(name: string, value: unknown): this;
  /** The same, but only when there is something. */
  addSome(name: string, value: unknown): this;
  /** A value of our own making, which no filter sees: a `uid` that a pattern has masked would join what does not belong together. */
  addOwn(name: string, value: unknown): this;
  /** With its line feed. */
  finish(): string;
}

/** @returns what begins a new line */
export function lineStarter(format: LogFormat, filter: TextFilter): () => Line {
  return format === 'jsonl' ? () => new JsonLine(filter) : () => new PythonLine(filter);
}

class PythonLine implements Line {
  private text = '';

  constructor(private readonly filter: TextFilter) {}

  add(name: string, value: unknown): this {
    return this.append(name, pythonLiteral(value, this.filter));
  }

  addOwn(name: string, value: unknown): this {
    return this.append(name, pythonLiteral(value));
  }

  addSome(name: string, value: unknown): this {
    return value === undefined || value === null ? this : this.add(name, value);
  }

  finish(): string {
    return `${this.text}}\n`;
  }

  private append(name: string, value: string): this {
    this.text += `${this.text === '' ? '{' : ', '}'${name}': ${value}`;
    return this;
  }
}

class JsonLine implements Line {
  private text = '';

  constructor(private readonly filter: TextFilter) {}

  add(name: string, value: unknown): this {
    // JSON leaves alone what steers a terminal beyond ASCII.
    return this.append(name, escapedLine(jsonText(value, 0, this.filter)));
  }

  addOwn(name: string, value: unknown): this {
    return this.append(name, jsonText(value, 0));
  }

  addSome(name: string, value: unknown): this {
    return value === undefined || value === null ? this : this.add(name, value);
  }

  finish(): string {
    return `${this.text}}\n`;
  }

  private append(name: string, value: string): this {
    this.text += `${this.text === '' ? '{' : ','}"${name}":${value}`;
    return this;
  }
}
