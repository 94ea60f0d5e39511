import { type AccessLogFormat, accessLine } from './access-line.ts';
import { LineWriter } from './access-line-writer.ts';
import type { Happening, Sink } from '../happening.ts';

export interface AccessLogOptions {
  readonly format: AccessLogFormat;
  /** Where lines go. @default 1, standard output */
  readonly descriptor?: number;
  /** Bytes that may wait for a slow reader. @default 1 MiB */
  readonly most?: number;
}

/** A line of each exchange on standard output. */
export class AccessLog implements Sink {
  readonly wantsAddress = true;
  private readonly writer: LineWriter;
  private readonly format: AccessLogFormat;

  constructor({ format, descriptor = 1, most }: AccessLogOptions) {
    this.format = format;
    const tell = (dropped: number): string => {
      const time = new Date().toISOString();
      return format === 'json' ? `{"time":"${time}","dropped":${dropped}}\n` : `${time} dropped=${dropped}\n`;
    };
    this.writer = new LineWriter(descriptor, tell, most);
  }

  happened(happening: Happening): void {
    this.writer.add(accessLine(happening, this.format));
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}
