/** `aifd stats` and `aifd top` without the other commands, for tests: `bun commands.ts stats …`. */
import { defineCommand, runCommand } from 'citty';
import { complain } from '../../src/cli/exit.ts';
import stats from '../../src/cli/commands/stats.ts';
import top from '../../src/cli/commands/top.ts';

const [name, ...rawArgs] = process.argv.slice(2);
const run = async () => (await runCommand(defineCommand(name === 'top' ? top : stats), { rawArgs })).result;
process.exit((await run().catch(complain)) as number);
