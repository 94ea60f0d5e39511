import { BlockList, isIP } from 'node:net';
import type { Config } from '../../config/options.ts';
import type { Edge } from '../exchange.ts';

/** Who may come in, by address, and what a client's address is. */
export class AddressRules {
  private readonly allowed: AddressList | undefined;
  private readonly denied: AddressList | undefined;
  private readonly proxies: AddressList | undefined;
  /** The last socket's address, as it came and as it is written: clients ask more than once. */
  private last = { raw: '', plain: '' };

  private readonly ipv6Prefix: number;

  constructor(config: Pick<Config, 'ipWhitelist' | 'ipBlacklist' | 'trustedProxies' | 'ipv6Prefix'>) {
    this.ipv6Prefix = config.ipv6Prefix;
    this.allowed = toList(config.ipWhitelist);
    this.denied = toList(config.ipBlacklist);
    this.proxies = toList(config.trustedProxies);
  }

  /** True when the request's address is let in. Costs nothing when no list is set. */
  admits(request: Request, edge: Edge): boolean {
    if (!this.allowed && !this.denied) return true;
    const address = this.clientAddress(request, edge);
    if (this.denied && contains(this.denied, address)) return false;
    return !this.allowed || contains(this.allowed, address);
  }

  /**
   * The client's address: the socket's, or, when that is a trusted proxy's, the last one in `X-Forwarded-For` that is
   * not. What stands before it could be written by anybody.
   */
  clientAddress(request: Request, edge: Edge): string {
    let address = this.written(edge.addressOf(request));
    if (!this.proxies || !contains(this.proxies, address)) return address;
    const hops = (request.headers.get('x-forwarded-for') ?? '').split(',');
    for (let i = hops.length - 1; i >= 0; i--) {
      const hop = plain(hops[i]!.trim());
      if (isIP(hop) === 0) return address;
      address = hop;
      if (!contains(this.proxies, hop)) return hop;
    }
    return address;
  }

  /** Whom an address is counted for: an IPv6 network has one user, who has all addresses of a prefix. */
  userAddress(request: Request, edge: Edge): string {
    const address = this.clientAddress(request, edge);
    return address.includes(':') ? networkOf(address, this.ipv6Prefix) : address;
  }

  private written(raw: string): string {
    if (raw !== this.last.raw) this.last = { raw, plain: plain(raw) };
    return this.last.plain;
  }
}

/** A list a family: to Bun `::/0` holds every v4 address too. */
interface AddressList {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

function toList(entries: readonly string[]): AddressList | undefined {
  if (entries.length === 0) return undefined;
  const list: AddressList = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const entry of entries) {
    const [written, prefix] = entry.split('/') as [string, string | undefined];
    const address = plain(written);
    // A mapped network is the v4 network behind its last 32 bits.
    const isMapped = isIP(written) === 6 && isIP(address) === 4;
    const bits = prefix === undefined ? undefined : isMapped ? Math.max(0, Number(prefix) - 96) : prefix;
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list[family].addAddress(address, family);
    else list[family].addSubnet(address, Number(bits), family);
  }
  return list;
}

function contains(list: AddressList, address: string): boolean {
  if (isIP(address) === 0) return false;
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return list[family].check(address, family);
}

/**
 * An address in its one form: `1.2.3.4:567` and `[::1]:567` without the port, IPv6 by RFC 5952 and without a zone, and
 * a v4 address that is written as v6 (`::ffff:1.2.3.4`, in any spelling) as v4.
 */
function plain(address: string): string {
  const withPort = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(address);
  const bare = (withPort ? (withPort[1] ?? withPort[2]!) : address).replace(/%.*/s, '');
  if (isIP(bare) !== 6) return bare;
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  return mapped ? dotted(parseInt(mapped[1]!, 16), parseInt(mapped[2]!, 16)) : canonical;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

const groupsOf = (part: string | undefined): number[] =>
  part ? part.split(':').map((group) => parseInt(group, 16)) : [];

/** The network of an IPv6 address: `2001:db8:1:2::/64`. @param bits - 1 to 128 */
function networkOf(address: string, bits: number): string {
  if (bits === 128) return address;
  const [head = '', tail] = address.split('::');
  const [front, back] = [groupsOf(head), groupsOf(tail)];
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  const kept = all.map((group, i) => {
    const left = Math.min(16, Math.max(0, bits - 16 * i));
    return (group & (0xffff << (16 - left)) & 0xffff).toString(16);
  });
  return `${plain(kept.join(':'))}/${bits}`;
}
