import { afterAll, expect, test } from 'bun:test';
import { NotFoundError } from 'openai';
import { startDemoUpstream } from '../../src/demo/upstream.ts';
import { clientOf, failureOf, startAifd } from './support.ts';

const demo = startDemoUpstream();
const aifd = await startAifd(demo.url);
const client = clientOf(aifd.url);
afterAll(async () => {
  demo.stop();
  await aifd.stop();
});

test('the list can be walked through', async () => {
  const ids = await Array.fromAsync(client.models.list(), (model) => model.id);
  expect(ids).toEqual(['demo-chat', 'demo-embedding']);
});

test('one model is found, another is not', async () => {
  expect((await client.models.retrieve('demo-chat')).object).toBe('model');
  const failure = await failureOf(client.models.retrieve('none'));
  expect(failure).toBeInstanceOf(NotFoundError);
  expect(failure).toMatchObject({ code: 'model_not_found', param: 'model' });
});
