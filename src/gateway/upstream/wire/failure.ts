/** How an upstream request can fail. The retry rule and the client's error are both chosen by `kind`. */
export type FailureKind =
  | 'dns'
  | 'refused'
  | 'connect_timeout'
  | 'tls'
  | 'proxy'
  | 'unreachable'
  /** The connection closed before a whole response head came. */
  | 'disconnected'
  /** The connection closed in the middle of the response body. */
  | 'truncated'
  | 'invalid_response'
  | 'first_byte_timeout'
  | 'idle_timeout'
  | 'total_timeout'
  /** The client stopped sending its body. */
  | 'upload_timeout'
  | 'upload_too_large'
  /** The upstream refused the operator's key. */
  | 'key_refused'
  /** The client left. */
  | 'aborted'
  /** It was not asked: no place came free for the request. */
  | 'no_place';

const neverConnected: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'dns',
  'refused',
  'connect_timeout',
  'tls',
  'proxy',
  'unreachable',
]);

/** A failed upstream exchange. `message` is safe to show to a client: it holds no key and no path. */
export class WireFailure extends Error {
  override readonly name = 'WireFailure';
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** True when the request went out on a pooled connection that proved dead before it answered a byte. */
    readonly staleConnection = false,
  ) {
    super(message);
  }

  /** No byte of the request reached the upstream. */
  get neverConnected(): boolean {
    return neverConnected.has(this.kind);
  }
}
