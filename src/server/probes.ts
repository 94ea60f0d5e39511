import { ptr } from 'bun:ffi';
import { readdirSync, readlinkSync } from 'node:fs';
import { libc } from '../store/libc.ts';

/** Seconds of silence before the first probe, seconds between two, and how many may go unanswered. */
const PROBES = { idle: 60, interval: 15, count: 4 };

/** Linux' numbers: see socket(7) and tcp(7). */
const SOL_SOCKET = 1;
const [SO_KEEPALIVE, SO_ACCEPTCONN] = [9, 30];
const IPPROTO_TCP = 6;
const [TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT] = [4, 5, 6];

const value = new Int32Array(1);
const length = new Uint32Array([4]);

/**
 * Has the kernel probe the connections that this process accepts, so that a client that vanished without a word (its machine is
 * off, a firewall forgot it) is found within two minutes while it waits for an answer. `Bun.serve` gives no access to its
 * sockets; but on Linux a connection inherits the options of the socket that listens. To be called once it listens.
 *
 * Elsewhere clients are found later: by the limits on an answer, or when bytes for them are not acknowledged.
 */
export function probeClients(): void {
  for (const socket of openSockets()) {
    if (get(socket, SOL_SOCKET, SO_ACCEPTCONN) !== 1) continue;
    set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(socket, IPPROTO_TCP, TCP_KEEPIDLE, PROBES.idle);
    set(socket, IPPROTO_TCP, TCP_KEEPINTVL, PROBES.interval);
    set(socket, IPPROTO_TCP, TCP_KEEPCNT, PROBES.count);
  }
}

function get(socket: number, level: number, option: number): number {
  value[0] = 0;
  libc()?.getsockopt(socket, level, option, ptr(value), ptr(length));
  return value[0]!;
}

function set(socket: number, level: number, option: number, to: number): void {
  value[0] = to;
  libc()?.setsockopt(socket, level, option, ptr(value), 4);
}

/** Descriptors of this process that are sockets; none where there is no `/proc`. */
function openSockets(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(isSocket);
  } catch {
    return [];
  }
}

function isSocket(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    // The descriptor that the list was read by.
    return false;
  }
}
