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

  constructor(config: Pick<Config, 'ipWhitelist' | 'ipBlacklist' | 'trustedProxies'>) {
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
    const [address, bits] = entry.split('/') as [string, string | undefined];
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

/** `::ffff:1.2.3.4` (a v4 client on a v6 socket) as `1.2.3.4`; `1.2.3.4:567` and `[::1]:567` without the port. */
function plain(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  if (hex) return dotted(parseInt(hex[1]!, 16), parseInt(hex[2]!, 16));
  const withPort = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(address);
  return canonical(withPort ? (withPort[1] ?? withPort[2]!) : address);
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** An IPv6 address can be written in many ways, and is one user (RFC 5952). */
function canonical(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
