/** The little of autocannon that the bench uses; the package ships no types. */
declare module 'autocannon' {
  interface Options {
    url: string;
    method: string;
    headers: Record<string, string>;
    body: string;
    connections: number;
    amount: number;
    /** Seconds before a request counts as failed. */
    timeout: number;
    /** Not together with `requests`. */
    expectBody?: string;
    requests?: readonly {
      /** Called for each request, may change it. */
      setupRequest<T extends object>(request: T): T;
      onResponse(status: number, body: string): void;
    }[];
  }
  interface Result {
    errors: number;
    timeouts: number;
    mismatches: number;
    non2xx: number;
    '2xx': number;
  }
  interface Run {
    on(event: 'start', then: () => void): Run;
    on(event: 'response', then: (client: unknown, status: number, bytes: number, ms: number) => void): Run;
  }
  export default function autocannon(
    options: Options,
    done: (error: Error | null, result: Result) => void,
  ): Run;
}
