import { RedisClient } from 'bun';

const CONNECT_WITHIN_MS = 500;
/** A Redis that does not answer for so long is gone, and its connection with it. */
const ANSWER_WITHIN_MS = 500;
/** While it is gone: commands fail at once, and in the background it is tried so often. */
const RECONNECT_EVERY_MS = 250;

/** A Lua script, and the name that Redis keeps it under. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

export const scriptOf = (source: string): Script => ({
  source,
  sha: new Bun.CryptoHasher('sha1').update(source).digest('hex'),
});

/**
 * One connection to Redis or Valkey. Commands reject while it can't be reached, soon and not after a queue; when it is
 * back they succeed again.
 */
export class RedisConnection {
  private client: RedisClient | undefined;
  private connecting: Promise<RedisClient> | undefined;
  private failure: Error | undefined;
  private retrying: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param url `redis://[user:password@]host[:port][/db]`, `rediss://…`; a secret where it has a password */
  constructor(private readonly url: string) {}

  close(): void {
    this.closed = true;
    this.drop(new Error('the connection to Redis is closed'));
  }

  /** Runs a script, which Redis may have forgotten. @param keys every key that it touches */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Uint8Array)[],
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.send('EVALSHA', [script.sha, ...rest]);
    } catch (error) {
      // It was restarted, or nobody has run the script yet: EVAL runs it and keeps it.
      if (!(error instanceof Error && error.message.includes('NOSCRIPT'))) throw error;
      return await this.send('EVAL', [script.source, ...rest]);
    }
  }

  /** Sends one command. Bytes go as they are, which Bun's types don't know. */
  send(command: string, args: readonly (string | Uint8Array)[]): Promise<unknown> {
    return this.ask((client) => client.send(command, args as string[]));
  }

  /** Asks the client for something, which must answer in time. */
  async ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = this.client?.connected ? this.client : await this.connected();
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const late = new Error(`Redis did not answer within ${ANSWER_WITHIN_MS} ms`);
      if (this.client === client) this.drop(late);
      reject(late);
    }, ANSWER_WITHIN_MS);
    try {
      return await Promise.race([command(client), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Who comes first waits for the connection; who comes while it is known to be gone does not. */
  private connected(): Promise<RedisClient> {
    if (this.client !== undefined) this.drop(new Error('the connection to Redis was lost'));
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return (this.connecting ??= this.connect());
  }

  private async connect(): Promise<RedisClient> {
    // A new one each time: one that has given up does not come back, and it must not queue what it can't send.
    const client = new RedisClient(this.url, {
      connectionTimeout: CONNECT_WITHIN_MS,
      autoReconnect: false,
      enableOfflineQueue: false,
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`no connection to Redis within ${CONNECT_WITHIN_MS} ms`));
    }, CONNECT_WITHIN_MS);
    try {
      await Promise.race([client.connect(), late.promise]);
      if (this.closed) throw new Error('the connection to Redis is closed');
    } catch (error) {
      client.close();
      this.drop(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.client = client;
    this.failure = undefined;
    return client;
  }

  private drop(why: Error): void {
    this.failure = why;
    this.connecting = undefined;
    this.client?.close();
    this.client = undefined;
    clearTimeout(this.retrying);
    if (this.closed) return;
    this.retrying = setTimeout(() => this.connect().catch(() => {}), RECONNECT_EVERY_MS).unref();
  }
}
