import { AddressRules } from '../../src/gateway/admit/address.ts';
import { Limiter } from '../../src/gateway/limits/limiter.ts';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { chatPath, configOf, exchangeOf, question } from './samples.ts';
import type { Case, Stage } from './stage.ts';

const of = (limit: string): string => JSON.stringify({ [chatPath]: limit });
// So much that nothing is ever refused, and short, so that a moving window has an end.
const huge = '1000000000/second';

/** What a request may do: decided and counted, by memory and by LMDB. */
export async function limits(folder: string): Promise<Stage> {
  const memory = await openWindowStore('memory', folder);
  const lmdb = await openWindowStore('lmdb', folder);
  const entering = (env: Record<string, string>, store = memory): (() => unknown) => {
    const config = configOf(env);
    const limiter = new Limiter(config, store, new AddressRules(config));
    const exchange = exchangeOf(config, question(200));
    return () => limiter.ticket(exchange).enter();
  };
  const places = (): (() => unknown) => {
    const config = configOf({ CONCURRENCY_LIMIT: '8' });
    const limiter = new Limiter(config, memory, new AddressRules(config));
    const exchange = exchangeOf(config, question(200));
    return () => {
      const ticket = limiter.ticket(exchange);
      void ticket.enter();
      ticket.ended();
    };
  };
  const moving = { REQ_RATE_LIMIT: of(huge), RATE_LIMIT_STRATEGY: 'moving-window' };
  const refusing = entering({ REQ_RATE_LIMIT: of('1/year') });
  void refusing();
  const alone = entering({ REQ_RATE_LIMIT: of(huge) }, lmdb);
  const cases: Case[] = [
    { name: 'memory, fixed window', run: entering({ REQ_RATE_LIMIT: of(huge) }) },
    { name: 'memory, moving window', run: entering({ ...moving, REQ_RATE_LIMIT: of('1000/second') }) },
    { name: 'memory, tokens too', run: entering({ REQ_RATE_LIMIT: of(huge), TOKENS_LIMIT: of(huge) }) },
    { name: 'memory, refused', run: refusing },
    { name: 'a place taken and given back', run: places() },
    { name: 'LMDB, fixed window, one a turn', run: async () => void (await alone()) },
    {
      name: 'LMDB, fixed window, 32 a turn',
      run: () => Promise.all(Array.from({ length: 32 }, alone)),
      per: 32,
    },
  ];
  return {
    cases,
    close: () => Promise.all([memory.close(), lmdb.close()]),
  };
}
