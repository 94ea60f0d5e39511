import { dlopen } from 'bun:ffi';

/** What the runtime has no call for, of the system's C library. */
const needed = {
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  posix_fallocate: { args: ['i32', 'i64', 'i64'], returns: 'i32' },
} as const;

type Libc = ReturnType<typeof dlopen<typeof needed>>['symbols'];

let opened: Libc | undefined;

/**
 * The C library, opened when it is first asked for (about a millisecond).
 *
 * @returns undefined on systems other than Linux, and where it can't be opened
 */
export function libc(): Libc | undefined {
  return (opened ??= process.platform === 'linux' ? open() : undefined);
}

function open(): Libc | undefined {
  const musl = `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`;
  for (const name of ['libc.so.6', musl]) {
    try {
      return dlopen(name, needed).symbols;
    } catch {
      // Another C library, then.
    }
  }
  return undefined;
}
