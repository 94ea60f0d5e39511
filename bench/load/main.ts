/**
 * A load process: takes orders as lines of JSON, one after another, and prints messages as lines of JSON. It stays for
 * a whole round, so that its own code is compiled when others are measured.
 */
import { runOrder } from './load.ts';
import type { Message, Order } from './order.ts';

const say = (message: Message): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

for await (const line of console) {
  try {
    const order: Order = JSON.parse(line);
    say({ report: await runOrder(order, () => say({ started: true })) });
  } catch (error) {
    say({ problem: error instanceof Error ? error.message : String(error) });
  }
}
