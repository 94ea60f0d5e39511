import { readSync } from 'node:fs';

/** Of any page: its own number, flags that say its kind, the length of its list of nodes, and the header that all offsets begin behind. */
const PAGE = { number: 0, transaction: 8, flags: 18, lower: 20, upper: 22, pages: 20, header: 24 };
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
/** Of a node: its size or page in two halves, flags, the key's length, and then the key. */
const NODE = { low: 0, high: 2, flags: 4, keyBytes: 6, key: 8 };
/** A node's value is on pages of its own, the first of which it names. */
const ELSEWHERE = 1;
/** A node's value is a table: its depth and root are at these offsets of it. */
const TABLE = 2;
const TREE = { flags: 4, depth: 6, root: 40, bytes: 48 };
/** Flags of tables that hold several values of one key; there is none here. */
const SEVERAL_VALUES = 0x74;
const NO_PAGE = 2 ** 64;
const META_PAGES = 2;
/** Of a larger file the headers of values on pages of their own are not read: it would take seconds. */
const MOST_HEADERS = 2 ** 18;

/** A tree of pages, as a meta page or a table's node names it. */
export interface Tree {
  readonly root: number;
  readonly depth: number;
  readonly flags: number;
}

export function treeAt(bytes: Buffer, at: number): Tree {
  return {
    flags: bytes.readUInt16LE(at + TREE.flags),
    depth: bytes.readUInt16LE(at + TREE.depth),
    root: numberAt(bytes, at + TREE.root),
  };
}

const USED = 1;
const FREE = 2;

/**
 * Goes through all pages that the trees of an LMDB file name (format 2 of lmdb 3.5.6), and through its list of free pages. It
 * finds what would end the process or hand out a page twice: references out of the file, in a circle or to what is in use,
 * pages of another kind, nodes beyond their page. It does not look at values, which have no check of their own in LMDB.
 */
export class Pages {
  /** What each page is for; 0: nothing names it. */
  private readonly uses: Uint8Array;
  private readonly page: Buffer;
  /** Of the file as it lies on disk; what a transaction took and gave back unused is behind it. */
  private readonly inFile: number;
  private headers = MOST_HEADERS;

  constructor(
    private readonly file: number,
    private readonly pageSize: number,
    private readonly lastPage: number,
    private readonly lastTransaction: number,
    fileSize: number,
  ) {
    this.inFile = Math.floor(fileSize / pageSize);
    this.uses = new Uint8Array(lastPage + 1);
    this.uses.fill(USED, 0, META_PAGES);
    this.page = Buffer.alloc(pageSize);
  }

  /** @returns whether they are sound: every page that is not in the file is a free one */
  areSound(free: Tree, main: Tree): boolean {
    try {
      const lists: Buffer[] = [];
      this.walk(free, (value) => lists.push(value));
      this.walk(main);
      for (const list of lists) this.noteFree(list);
    } catch {
      // They lead nowhere, or out of what was read.
      return false;
    }
    for (let number = this.inFile; number <= this.lastPage; number++)
      if (this.uses[number] !== FREE) return false;
    return true;
  }

  /** @param take - given each value of the tree, where they are wanted */
  private walk({ root, depth, flags }: Tree, take?: (value: Buffer) => void): void {
    if (!take && (flags & SEVERAL_VALUES) !== 0) throw new Error('a table of another kind');
    if (root >= NO_PAGE) return;
    const open: [number: number, depth: number][] = [[root, 1]];
    for (let next = open.pop(); next; next = open.pop()) {
      const [number, level] = next;
      this.use(number, 1);
      const { page } = this;
      this.read(page, number);
      const kind = level === depth ? LEAF : BRANCH;
      this.refuseOther(page, number, kind);
      if (kind === BRANCH) for (const node of nodesOf(page)) open.push([childOf(page, node), level + 1]);
      else this.walkLeaf(page, take);
    }
  }

  private walkLeaf(page: Buffer, take: ((value: Buffer) => void) | undefined): void {
    const tables: Tree[] = [];
    const overflowing: [first: number, bytes: number][] = [];
    for (const node of nodesOf(page)) {
      const bytes = page.readUInt16LE(node + NODE.low) + page.readUInt16LE(node + NODE.high) * 2 ** 16;
      const flags = page.readUInt16LE(node + NODE.flags);
      const value = node + NODE.key + page.readUInt16LE(node + NODE.keyBytes);
      if (flags === ELSEWHERE) overflowing.push([numberAt(page, value), bytes]);
      else if (value + bytes > this.pageSize) throw new Error('a value beyond its page');
      else if (flags === TABLE && bytes === TREE.bytes) tables.push(treeAt(page, value));
      else if (flags !== 0) throw new Error('a node of another kind');
      else take?.(Buffer.from(page.subarray(value, value + bytes)));
    }
    for (const [first, bytes] of overflowing) this.overflow(first, bytes, take);
    // The page is read over from here on.
    for (const table of tables) this.walk(table);
  }

  private overflow(first: number, bytes: number, take: ((value: Buffer) => void) | undefined): void {
    const count = Math.ceil((PAGE.header + bytes) / this.pageSize);
    this.use(first, count);
    if (first + count > this.inFile) throw new Error('a value that is not in the file');
    if (!take && this.headers-- <= 0) return;
    const whole = Buffer.alloc(take ? PAGE.header + bytes : PAGE.header);
    this.read(whole, first);
    this.refuseOther(whole, first, OVERFLOW);
    if (whole.readUInt32LE(PAGE.pages) !== count) throw new Error('a value of another length');
    take?.(whole.subarray(PAGE.header));
  }

  /**
   * Under each transaction's number there is a list, as long as its first word says, of pages, or of negative counts and the
   * first page of so many.
   */
  private noteFree(list: Buffer): void {
    const length = Number(list.readBigInt64LE(0));
    for (let i = 1; i <= length; i++) {
      const word = Number(list.readBigInt64LE(i * 8));
      if (word > 0) this.use(word, 1, FREE);
      else if (word < 0) this.use(Number(list.readBigInt64LE(++i * 8)), -word, FREE);
    }
  }

  /** A page of a later transaction would be taken for one that the next may write to. */
  private refuseOther(page: Buffer, number: number, kind: number): void {
    const isRight =
      numberAt(page, PAGE.number) === number &&
      numberAt(page, PAGE.transaction) <= this.lastTransaction &&
      page.readUInt16LE(PAGE.flags) === kind;
    if (!isRight) throw new Error('another page');
  }

  private use(first: number, count: number, as = USED): void {
    if (first < META_PAGES || first + count - 1 > this.lastPage) throw new Error('a page out of the file');
    for (let number = first; number < first + count; number++) {
      if (this.uses[number] !== 0) throw new Error('a page that is used twice');
      this.uses[number] = as;
    }
  }

  private read(into: Buffer, number: number): void {
    if (readSync(this.file, into, 0, into.length, number * this.pageSize) < into.length)
      throw new Error('behind the end');
  }
}

/** Offsets of a page's nodes. @throws Error for a list that is none, or a node beyond the page */
function nodesOf(page: Buffer): number[] {
  const lower = page.readUInt16LE(PAGE.lower);
  const upper = page.readUInt16LE(PAGE.upper);
  const room = page.length - PAGE.header;
  if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > room) throw new Error('no list of nodes');
  const nodes: number[] = [];
  for (let at = 0; at < lower; at += 2) {
    const offset = page.readUInt16LE(PAGE.header + at);
    const node = PAGE.header + offset;
    if (offset < upper || node + NODE.key > page.length) throw new Error('a node beyond its page');
    if (node + NODE.key + page.readUInt16LE(node + NODE.keyBytes) > page.length)
      throw new Error('a key beyond its page');
    nodes.push(node);
  }
  return nodes;
}

const childOf = (page: Buffer, node: number): number =>
  page.readUInt16LE(node + NODE.low) +
  page.readUInt16LE(node + NODE.high) * 2 ** 16 +
  page.readUInt16LE(node + NODE.flags) * 2 ** 32;

const numberAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));
