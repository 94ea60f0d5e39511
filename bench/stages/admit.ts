import { AddressRules } from '../../src/gateway/admit/address.ts';
import { Keyring } from '../../src/gateway/admit/keys.ts';
import { userOf } from '../../src/gateway/admit/user.ts';
import { forwardablePath } from '../../src/openai/path.ts';
import { Upstreams } from '../../src/gateway/route/upstream.ts';
import {
  chatPath,
  chatRequest,
  clientKey,
  configOf,
  edge,
  exchangeOf,
  question,
  wrongKey,
} from './samples.ts';
import type { Stage } from './stage.ts';

/** The gates before the body: address, path, target, key, user. */
export function admit(): Stage {
  const keys = Array.from({ length: 100 }, (_, i) => `fk-other-${i}`);
  const config = configOf({
    FORWARD_KEY: [clientKey, ...keys].join(','),
    EXTRA_BASE_URL: 'http://127.0.0.1:10',
    EXTRA_ROUTE_PREFIX: '/localai',
    IP_WHITELIST: '10.0.0.0/8,192.0.2.0/24,2001:db8::/32',
  });
  const addresses = new AddressRules(config);
  const keyring = new Keyring(config);
  const upstreams = new Upstreams(config);
  const request = chatRequest(question(200));
  const wrong = chatRequest(question(200), wrongKey);
  const exchange = exchangeOf(config, question(200));
  const url = `http://localhost:8000${chatPath}`;
  return {
    cases: [
      { name: 'an address among three blocks', run: () => addresses.admits(request, edge) },
      { name: 'the path of a URL', run: () => forwardablePath(url) },
      { name: 'the path of a URL with escapes', run: () => forwardablePath(`${url}/a%2fb%20c?x=%2e%2e`) },
      { name: 'the target of two', run: () => upstreams.find(chatPath) },
      { name: 'a key of 101', run: () => keyring.admit(request, chatPath, true) },
      { name: 'a key that is refused', run: () => keyring.admit(wrong, chatPath, true) },
      {
        name: 'who the user is',
        run: () => {
          exchange.user = undefined;
          return userOf(exchange, addresses);
        },
      },
    ],
  };
}
