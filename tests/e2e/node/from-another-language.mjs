// Watches an account from Node: everything it needs comes from the core itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [dataDir, protoDir] = process.argv.slice(2);
const read = (name) => readFileSync(join(dataDir, name));

const definition = loader.loadSync(
  ['axisor/v1/accounts.proto', 'axisor/v1/events.proto'],
  { includeDirs: [protoDir], longs: Number, enums: String, defaults: true },
);
const { axisor } = grpc.loadPackageDefinition(definition);

const credentials = grpc.credentials.createSsl(read('tls/cert.pem'));
const address = read('address').toString().trim();
const metadata = new grpc.Metadata();
metadata.set('authorization', `Bearer ${read('owner.token').toString().trim()}`);

const accounts = new axisor.v1.AccountService(address, credentials);
const events = new axisor.v1.EventService(address, credentials);

accounts.listAccounts({}, metadata, (error, answer) => {
  if (error) throw error;
  const [account] = answer.accounts;
  console.log(`${account.name} ${account.mode}`);
  const watch = events.watchEvents({ parent: account.name, afterSequence: 0 }, metadata);
  watch.on('data', (frame) => {
    for (const event of frame.events) console.log(`${event.sequence} ${event.kind}`);
    watch.cancel();
  });
  watch.on('error', (ended) => process.exit(ended.code === grpc.status.CANCELLED ? 0 : 1));
});
