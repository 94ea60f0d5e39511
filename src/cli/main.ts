#!/usr/bin/env bun
import { defineCommand, runCommand } from 'citty';
import pkg from '../../package.json' with { type: 'json' };
import { nearest } from '../config/nearest.ts';
import { complain, exitCodes, UsageError } from './exit.ts';

/** Loaded when asked for, so that `--version` does not pay for a server. */
const commands = {
  run: () => import('./commands/run.ts').then((module) => module.default),
  config: () => import('./commands/config.ts').then((module) => module.default),
  cache: () => import('./commands/cache.ts').then((module) => module.default),
  convert: () => import('./commands/convert.ts').then((module) => module.default),
  limits: () => import('./commands/limits.ts').then((module) => module.default),
  logs: () => import('./commands/logs.ts').then((module) => module.default),
  stats: () => import('./commands/stats.ts').then((module) => module.default),
  top: () => import('./commands/top.ts').then((module) => module.default),
};

const summaries: Record<keyof typeof commands, string> = {
  run: 'start forwarding',
  config: 'print the configuration in force, and where each value came from',
  cache: 'look at the prediction cache, purge it, or move it as a file',
  convert: 'make JSON of chat logs: chat_openai.json',
  limits: 'hold a limit against request times before turning it on',
  logs: 'look at the chat logs, follow them, or search them',
  stats: 'what each key, model or route used, and what it cost',
  top: 'what happens right now, in the terminal',
};

function usage(): string {
  const lines = Object.entries(summaries).map(([name, summary]) => `  ${name.padEnd(8)}  ${summary}`);
  return [
    `aifd ${pkg.version}: ${pkg.description}`,
    '',
    'Usage: aifd COMMAND [OPTIONS]',
    '',
    'Commands',
    ...lines,
    '',
    'aifd COMMAND --help shows the options of a command; --version the version.',
  ].join('\n');
}

const versions = ['--version', '-v'];
const alone = new Set([...versions, '--help', '-h', 'help']);

/** @throws UsageError for a command that there is not, or something after what stands alone */
async function main([name, ...rawArgs]: readonly string[]): Promise<number> {
  if (name !== undefined && alone.has(name) && rawArgs.length > 0) throw notAlone(name);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    // Help that was asked for is an answer; help for want of a command is a complaint.
    (name === undefined ? console.error : console.log)(usage());
    return name === undefined ? exitCodes.badConfiguration : exitCodes.clean;
  }
  if (versions.includes(name)) {
    console.log(pkg.version);
    return exitCodes.clean;
  }
  if (!Object.hasOwn(commands, name)) throw unknownCommand(name);
  const command = defineCommand(await commands[name as keyof typeof commands]());
  const { result } = await runCommand(command, { rawArgs });
  return result as number;
}

function notAlone(name: string): UsageError {
  const hint = versions.includes(name) ? '' : ': aifd COMMAND --help shows the options of a command';
  return new UsageError(`${name} takes no arguments${hint}`);
}

function unknownCommand(name: string): UsageError {
  const what = name.startsWith('-') ? 'option' : 'command';
  const meant = nearest(name, [...Object.keys(commands), '--help', '--version']);
  return new UsageError(
    `unknown ${what} ${name}: ${meant === undefined ? 'see aifd --help' : `did you mean ${meant}?`}`,
  );
}

// Not only the code: what a stopped server leaves open (a pooled connection, say) must not keep us.
process.exit(await main(process.argv.slice(2)).catch(complain));
