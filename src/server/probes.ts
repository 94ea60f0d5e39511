import { dlopen, ptr } from 'bun:ffi';
import { readdirSync, readlinkSync } from 'node:fs';

/** Seconds of silence before the first probe, seconds between two, and how many may go unanswered. */
const PROBES = { idle: 60, interval: 15, count: 4 };

/** Linux' numbers: see socket(7) and tcp(7). */
const SOL_SOCKET = 1;
const [SO_KEEPALIVE, SO_ACCEPTCONN] = [9, 30];
const IPPROTO_TCP = 6;
const [TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT] = [4, 5, 6];

/**
 * Has the kernel probe the connections that this process accepts, so that a client that vanished without a word (its machine is
 * off, a firewall forgot it) is found within two minutes while it waits for an answer. `Bun.serve` gives no access to its
 * sockets; but on Linux a connection inherits the options of the socket that listens. To be called once it listens.
 *
 * @returns whether it is so: not on other systems, nor where there is no `/proc` or no C library to call
 */
export function probeClients(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const libc = openLibc();
    const listening = openSockets().filter((socket) => libc.get(socket, SOL_SOCKET, SO_ACCEPTCONN) === 1);
    for (const socket of listening) {
      libc.set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
      libc.set(socket, IPPROTO_TCP, TCP_KEEPIDLE, PROBES.idle);
      libc.set(socket, IPPROTO_TCP, TCP_KEEPINTVL, PROBES.interval);
      libc.set(socket, IPPROTO_TCP, TCP_KEEPCNT, PROBES.count);
    }
    libc.close();
    return listening.length > 0;
  } catch {
    // Clients are found later then: by the limits on an answer, or when bytes for them are not acknowledged.
    return false;
  }
}

function openLibc() {
  const { symbols, close } = dlopenFirst([
    'libc.so.6',
    `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`,
  ]);
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  return {
    close,
    get(socket: number, level: number, option: number): number {
      value[0] = 0;
      symbols.getsockopt(socket, level, option, ptr(value), ptr(length));
      return value[0]!;
    },
    set(socket: number, level: number, option: number, to: number): void {
      value[0] = to;
      symbols.setsockopt(socket, level, option, ptr(value), 4);
    },
  };
}

const needed = {
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
} as const;

function dlopenFirst(names: readonly string[]) {
  for (const name of names) {
    try {
      return dlopen(name, needed);
    } catch {
      // Another C library, then.
    }
  }
  throw new Error('no C library');
}

/** Descriptors of this process that are sockets. */
function openSockets(): number[] {
  return readdirSync('/proc/self/fd').map(Number).filter(isSocket);
}

function isSocket(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    // The descriptor that the list was read by.
    return false;
  }
}
