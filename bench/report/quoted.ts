import { markdownTable } from './markdown.ts';

/** A figure that somebody published. Nothing of it was measured here. */
export interface Quoted {
  of: string;
  /** As it is published. */
  value: string;
  /** What it was measured on and with, and what it leaves out, as far as its source says. */
  setup: string;
  source: string;
}

/**
 * Figures of gateways that the bench can't run (they come as containers, or from sources outside the package
 * registries), and what the peers' own makers say. Read in November 2026.
 */
export const quoted: readonly Quoted[] = [
  {
    of: 'Bifrost',
    value: '11 µs of overhead at 5,000 requests/s (59 µs on t3.medium)',
    setup:
      'AWS t3.xlarge, 4 vCPU; 0.13 KB asked, 10 KB answered. Without JSON marshalling (27 µs) and the HTTP call; in the same table parsing the response takes 2.1 ms and peak memory is 3,340 MB',
    source: 'docs.getbifrost.ai/benchmarking (its maker)',
  },
  {
    of: 'Bifrost',
    value: 'p99 1.68 s, 424 requests/s, 120 MB; LiteLLM beside it 90.72 s, 45 requests/s, 372 MB',
    setup: 'AWS t3.medium, 2 vCPU; 500 requests/s asked for over 60 s, 500 users; latency includes the model',
    source: 'getmaxim.ai/bifrost/resources/benchmarks (its maker)',
  },
  {
    of: 'TensorZero',
    value: '0.37 ms mean, 0.35 ms p50, 0.94 ms p99 at 10,000 requests/s',
    setup: 'AWS c7i.xlarge, 4 vCPU, 8 GB; LiteLLM beside it failed at 1,000 requests/s',
    source: 'tensorzero.com/docs/gateway/benchmarks (its maker)',
  },
  {
    of: 'Helicone ai-gateway',
    value: 'p95 under 10 ms, about 64 MB, about 2,000 requests/s, about 100 ms to start',
    setup: 'Not given there; called preliminary',
    source: 'README of github.com/Helicone/ai-gateway (its maker)',
  },
  {
    of: 'agentgateway',
    value: '36,933 requests/s, p99 1.97 ms; LiteLLM beside it 3,198 requests/s, p99 32 ms',
    setup: '32 connections, 1 KB asked, as fast as it goes for 3 s; it used up to 2.4 processors',
    source: 'agentgateway’s blog, 2026-06-26 (its maker)',
  },
  {
    of: 'agentgateway',
    value: 'p50 0.227 ms, p99 0.436 ms at 3,000 requests/s; LiteLLM 12.3 ms and 30.6 ms at 2,466 requests/s',
    setup: '32 connections, 1 KB asked, fixed rate for 30 s; the direct way is not given',
    source: 'agentgateway’s blog, 2026-06-26, part 2 (its maker)',
  },
  {
    of: 'LiteLLM',
    value: '1,170 requests/s; overhead 2 ms p50, 8 ms p95, 13 ms p99',
    setup: '4 instances of 4 CPU and 8 GB each, PostgreSQL, a mock model',
    source: 'docs.litellm.ai/docs/benchmarks (its maker)',
  },
  {
    of: 'LiteLLM',
    value: '3,000 requests/s; 30.6 ms p50, 91.6 ms p99',
    setup:
      '33 pods of 4 vCPU and 16 GB each; prompts of 50,000 to 100,000 tokens, half of them streamed, a mock model, PostgreSQL and Redis',
    source: 'docs.litellm.ai/docs/benchmarks, October 2026 (its maker)',
  },
  {
    of: 'Portkey',
    value: '“<1ms latency”, “122kb”',
    setup: 'Not given',
    source: 'README of @portkey-ai/gateway 1.15.2 (its maker)',
  },
  {
    of: 'Bifrost, Portkey 1.15.2, LiteLLM 1.91.1',
    value: '0.44, 2.37 and 4.34 ms added at the median',
    setup: 'One request after another on one hosted CI machine, 175 each in 7 rounds, July 2026',
    source: 'data/overhead.json of github.com/cuihuan/llm-gateway-bench',
  },
  {
    of: 'Bifrost, Portkey, LiteLLM',
    value: 'p99 added at 16 connections: 0.89, 8.2 and 251 ms; its maker’s LiteLLM in Rust 0.33 ms',
    setup: 'A mock that answers in about 22 ms; at 64 connections Bifrost 29, LiteLLM 546, in Rust 40 ms',
    source: 'results of github.com/BerriAI/ai-gateway-bench (the maker of LiteLLM)',
  },
];

/** The figures as a table of the page. */
export function quotedText(): string {
  const lines = quoted.map(({ of, value, setup, source }) => [of, value, setup, source]);
  return [
    'What others published about gateways that this bench can’t run, or about those that it does. **None of it was measured here**,',
    'and no two lines compare: machines, loads, percentiles and what is left out differ. No line here is held against a figure of aifd’s.',
    '',
    markdownTable(['', 'figure', 'setup', 'source'], lines, '---'),
  ].join('\n');
}
