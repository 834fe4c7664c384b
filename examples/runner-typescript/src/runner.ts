// Decides for one run of a core: says hello, then answers each call until the core ends it.
// Usage: node dist/runner.js PROTO_DIR ADDRESS CERTIFICATE TOKEN_FILE accounts/ACCOUNT/runs/RUN
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { decide, type Config, type Memory, type Stimulus } from './dip-buyer.js';

const PROTOCOL = 1;
const BEAT_MS = 1_000;

type Call = { sequence: string; config: string; memory: string; stimulus: string; view: string };
type Told = { name: string; welcome?: { strategy: string }; call?: Call };

const [protoDir, address, certificate, tokenFile, name] = process.argv.slice(2);
if (!protoDir || !address || !certificate || !tokenFile || !name) {
  console.error('usage: runner.js PROTO_DIR ADDRESS CERTIFICATE TOKEN_FILE RUN');
  process.exit(2);
}

const definition = loader.loadSync('axisor/v1/runners.proto', {
  includeDirs: [protoDir],
  longs: String,
  oneofs: true,
  defaults: true,
});
const loaded = grpc.loadPackageDefinition(definition) as any; // made from the contract at run time
const service = new loaded.axisor.v1.RunnerService(
  address,
  grpc.credentials.createSsl(readFileSync(certificate)),
);
const metadata = new grpc.Metadata();
metadata.set('authorization', `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`);

const talk: grpc.ClientDuplexStream<object, Told> = service.run(metadata);
talk.write({ name, hello: { protocol: PROTOCOL, agent: 'runner-typescript' } });
const beating = setInterval(() => talk.write({ name, heartbeat: {} }), BEAT_MS);

talk.on('data', (told: Told) => {
  if (told.welcome) console.log(`decides for ${told.welcome.strategy}`);
  if (told.call) talk.write({ name, ...answer(told.call) });
});
talk.on('error', (error: grpc.ServiceError) => {
  clearInterval(beating);
  console.error(`${grpc.status[error.code]}: ${error.details}`);
  process.exitCode = 1;
});
talk.on('end', () => clearInterval(beating));

function answer(call: Call): object {
  const { sequence } = call;
  try {
    const config: Config = JSON.parse(call.config);
    const before: Memory = call.memory === '' ? {} : JSON.parse(call.memory);
    const stimulus: Stimulus = JSON.parse(call.stimulus);
    const { intents, memory } = decide(stimulus, config, before);
    const written = JSON.stringify(memory);
    const changed = written !== JSON.stringify(before);
    return { handled: { sequence, intents: JSON.stringify(intents), memory: written, changed } };
  } catch (error) {
    return { failed: { sequence, text: String(error) } };
  }
}
