import { type Asked, Questions } from '../../src/gateway/cache/question.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import { configOf, exchangeOf, question as questionOf } from './samples.ts';
import type { Stage } from './stage.ts';

/** The cache's key of a question: its canonical form and the digest of that, or the letters known already. */
export function question(): Stage {
  const config = configOf();
  const asked = (bytes: number): Exchange => ({ ...exchangeOf(config, questionOf(bytes)), family: 'chat' });
  const short = asked(200);
  const long = asked(64_000);
  const questions = new Questions(() => {});
  const knowing = new Questions(() => {});
  for (const exchange of [short, asked(60_000)]) knowing.remember(knowing.read(exchange, '', false) as Asked);
  const known = asked(60_000);
  return {
    cases: [
      { name: 'new, 200 bytes', run: () => questions.read(short, '', false) },
      { name: 'new, 64 KB', run: () => questions.read(long, '', false) },
      { name: 'known by its letters, 200 bytes', run: () => knowing.read(short, '', false) },
      { name: 'known by its letters, 60 KB', run: () => knowing.read(known, '', false) },
    ],
  };
}
