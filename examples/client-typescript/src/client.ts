// Does what it reads, a line of JSON each; docs/clients.md has the words.
// Usage: node dist/client.js PROTO_DIR HOST:PORT CERTIFICATE TOKEN_FILE MODE
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Core, CoreError } from './core.js';

type Asked = {
  id: number;
  do: string;
  account: string;
  request_id: string;
  quantity_usd: number;
  leverage: string;
  limit_price_usd: string;
  after_sequence: number;
  silence_s: number;
};

const [protoDir, address, certificate, tokenFile, mode] = process.argv.slice(2);
if (!protoDir || !address || !certificate || !tokenFile || !mode) {
  console.error('usage: client.js PROTO_DIR HOST:PORT CERTIFICATE TOKEN_FILE MODE');
  process.exit(2);
}
const token = readFileSync(tokenFile, 'utf8').trim();
const core = new Core(protoDir, address, readFileSync(certificate), token, mode);
const orders = core.stub('axisor.v1.OrderService');

function say(told: object): void {
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

function errorOf(error: unknown): object {
  if (!(error instanceof CoreError)) throw error;
  const { reason, code, message, means, todo, retryAfterS } = error;
  return { reason, code, message, means, todo, retry_after_s: retryAfterS };
}

async function health(): Promise<object> {
  const stub = core.stub('grpc.health.v1.Health');
  return { health: (await core.call<{ status: string }>(stub, 'check', {})).status };
}

function services(): Promise<object> {
  const talk = core.stub('grpc.reflection.v1alpha.ServerReflection').serverReflectionInfo();
  return new Promise((resolve, reject) => {
    talk.on('data', (answer: { listServicesResponse: { service: { name: string }[] } }) => {
      resolve({ services: answer.listServicesResponse.service.map(({ name }) => name) });
      talk.end();
    });
    talk.on('error', reject);
    talk.write({ listServices: '' });
  });
}

async function place(asked: Asked): Promise<object> {
  const request = {
    parent: asked.account,
    requestId: asked.request_id,
    marginMode: 'MARGIN_MODE_ISOLATED',
    type: 'ORDER_TYPE_LIMIT',
    side: 'SIDE_BUY',
    quantityUsd: asked.quantity_usd,
    leverage: asked.leverage,
    limitPriceUsd: asked.limit_price_usd,
  };
  type Answer = { order: { name: string } | null; intentState: string; sequence: number };
  const answer = await core.call<Answer>(orders, 'placeOrder', request);
  const state = answer.intentState.replace('INTENT_STATE_', '');
  return { placed: { order: answer.order?.name ?? '', state, sequence: answer.sequence } };
}

async function watch(asked: Asked): Promise<void> {
  try {
    for await (const item of core.watch(asked.account, asked.after_sequence, asked.silence_s * 1_000)) {
      if ('event' in item) {
        const { sequence, kind, hash } = item.event;
        say({ event: { sequence, kind, hash: hash.toString('hex') } });
      } else say(item);
    }
  } catch (error) {
    say({ ended: errorOf(error) });
  }
}

async function answer(asked: Asked): Promise<object> {
  switch (asked.do) {
    case 'health':
      return health();
    case 'services':
      return services();
    case 'place':
      return place(asked);
    case 'watch':
      void watch(asked);
      return { watching: asked.account };
    default:
      throw new TypeError(`nobody here knows how to ${asked.do}`);
  }
}

// Node ends by itself once the input has, and no watch is left.
for await (const line of createInterface({ input: process.stdin })) {
  const asked: Asked = JSON.parse(line);
  try {
    say({ id: asked.id, ...(await answer(asked)) });
  } catch (error) {
    say({ id: asked.id, error: errorOf(error) });
  }
}
