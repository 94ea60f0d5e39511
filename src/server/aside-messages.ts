import type { Happening } from '../record/happening.ts';
import type { LogFormat } from '../record/chatlog/lines.ts';
import type { Keep } from '../record/logfile/rotation.ts';

/** What the other thread does, as the configuration asks for it. */
export interface AsideSetup {
  /** Keys of the configuration, all of them: they are masked. */
  readonly keys: readonly string[];
  /** `LOG_REDACT`. */
  readonly redact: readonly RegExp[];
  readonly log?: {
    readonly format: LogFormat;
    readonly folder: string;
    readonly maxSize: number;
    readonly keep: Keep | undefined;
  };
  readonly print?: { readonly isColored: boolean };
  /** Digests of keys are made with it. */
  readonly userSecret?: Uint8Array | undefined;
}

/** To the other thread. Each but `setup` and `close` is acknowledged by `done`. */
export type ToAside =
  | { readonly kind: 'setup'; readonly setup: AsideSetup }
  | { readonly kind: 'log'; readonly happening: Happening }
  | { readonly kind: 'print'; readonly happening: Happening }
  | { readonly kind: 'question'; readonly id: string; readonly request: Uint8Array | undefined }
  | { readonly kind: 'close' };

/** From it. */
export type FromAside =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'question'; readonly id: string }
  | { readonly kind: 'problem'; readonly message: string }
  | { readonly kind: 'done' | 'closed' };
