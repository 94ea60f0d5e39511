import type { Part, SharedLedger } from '../record/metrics/ledger.ts';

/** The supervisor answers in a moment; without it a scrape goes on. */
const PATIENCE_MS = 500;

/** A worker's question to its supervisor, and the answer: a number that both have, and what each knows. */
export interface LedgerMessage {
  readonly ledger: number;
  readonly parts: readonly Part[];
}

export function isLedgerMessage(message: unknown): message is LedgerMessage {
  const { ledger, parts } = (message ?? {}) as Partial<LedgerMessage>;
  return typeof ledger === 'number' && Array.isArray(parts);
}

/** The ledger of this worker's supervisor; undefined in a process that no supervisor started. */
export function supervisorsLedger(): SharedLedger | undefined {
  if (process.env['AIFD_WORKER'] === undefined || !process.send) return undefined;
  const waiting = new Map<number, (parts: readonly Part[]) => void>();
  let last = 0;
  process.on('message', (message: unknown) => {
    if (isLedgerMessage(message)) waiting.get(message.ledger)?.(message.parts);
  });
  return {
    exchange: async (parts) => {
      const ledger = ++last;
      const { promise, resolve } = Promise.withResolvers<readonly Part[]>();
      waiting.set(ledger, resolve);
      const timer = setTimeout(() => resolve([]), PATIENCE_MS);
      try {
        process.send?.({ ledger, parts } satisfies LedgerMessage);
        return await promise;
      } catch {
        // It is gone, and so will this process be.
        return [];
      } finally {
        clearTimeout(timer);
        waiting.delete(ledger);
      }
    },
  };
}
