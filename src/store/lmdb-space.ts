import { META } from './lmdb-file.ts';
import { preallocate } from './preallocate.ts';

/** Taken of the disk beyond what is asked for, so that it is seldom asked. */
const STEP_BYTES = 2 ** 18;

/**
 * The disk space of an LMDB file that is written through its map. A page that has none is a bus error when it is written to,
 * and the process ends: so space is taken before.
 */
export class Space {
  /** LMDB's two meta pages, as all processes see them. */
  private readonly metas: DataView;
  /** From the file's start on there is space for so much, as far as this process knows. */
  private taken = 0;

  /** @param file data.mdb, of an environment that is open */
  constructor(
    private readonly file: string,
    private readonly pageSize: number,
  ) {
    const { buffer, byteOffset } = Bun.mmap(file, { shared: true, size: 2 * pageSize });
    this.metas = new DataView(buffer, byteOffset);
  }

  /**
   * Within a write transaction: takes space for what it will write. It costs some nanoseconds where there is enough.
   * @param bytes - that the file may grow by, at most
   * @throws Error when the disk is full: the transaction must be given up
   */
  reserve(bytes: number): void {
    const needed = this.end() + bytes;
    if (needed <= this.taken) return;
    const wanted = needed + STEP_BYTES;
    // Where it can't be done there is still the look at what is free, now and then.
    this.taken = preallocate(this.file, wanted) ? wanted : Infinity;
  }

  /** Bytes of pages in use, of the later of both pages: this number never falls. */
  private end(): number {
    const first = this.metas.getUint32(META.lastPage, true);
    const second = this.metas.getUint32(this.pageSize + META.lastPage, true);
    return (Math.max(first, second) + 1) * this.pageSize;
  }
}
