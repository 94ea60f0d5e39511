/** Why a request went upstream (RFC 9211 §2.2). */
export type Reason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'stale' | 'request';

/** `Cache-Status` of an answer that was kept (RFC 9211 §2). @param expiresAt ms; 0 is never */
export function hitStatus(expiresAt: number, now: number): string {
  return expiresAt === 0 ? 'aifd; hit' : `aifd; hit; ttl=${Math.floor((expiresAt - now) / 1000)}`;
}

/** Of an answer that had to be asked for. @param collapsed it was another's question already */
export function forwardedStatus(reason: Reason, stored: boolean, collapsed = false): string {
  return `aifd; fwd=${reason}${stored ? '; stored' : ''}${collapsed ? '; collapsed' : ''}`;
}

/** Of a stale answer in place of the upstream's error. @param status the upstream's; undefined when it gave none */
export function staleStatus(expiresAt: number, now: number, status: number | undefined): string {
  const answered = status === undefined ? '' : `; fwd-status=${status}`;
  return `aifd; fwd=stale${answered}; ttl=${Math.floor((expiresAt - now) / 1000)}; detail=stale-if-error`;
}
