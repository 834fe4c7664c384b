// A connection to a core: calls that are safe to repeat, and a watch that resumes by itself.
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreError, Errors } from './errors.js';

const FILES = [
  'axisor/v1/events.proto',
  'axisor/v1/orders.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1alpha/reflection.proto',
];
const OPTIONS: grpc.ChannelOptions = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.enable_retries': 0, // repeating is ours: it needs the request id and the deadline
};
const TIMEOUT_MS = 15_000;
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 15_000;

export type Event = { sequence: number; kind: string; hash: Buffer };
export type Item =
  | { event: Event }
  | { snapshot: { sequence: number } }
  | { cut: { after: number | null; problem: string } };
type Frame = {
  events: Event[];
  snapshot: { sequence: number } | null;
  heartbeat: { latestSequence: number } | null;
};

export class Core {
  private readonly errors: Errors;
  private readonly services: any; // made from the contract at run time
  private readonly credentials: grpc.ChannelCredentials;
  private readonly headers = new grpc.Metadata();

  constructor(protoDir: string, readonly address: string, certificate: Buffer, token: string, mode: string) {
    const contract = loader.loadSync(FILES, {
      includeDirs: [protoDir],
      longs: Number, // no figure of the contract exceeds 2^53
      enums: String,
      defaults: true,
    });
    this.errors = new Errors(contract);
    this.services = grpc.loadPackageDefinition(contract);
    this.credentials = grpc.credentials.createSsl(certificate);
    this.headers.set('authorization', `Bearer ${token}`);
    this.headers.set('axisor-expect-mode', mode);
  }

  // A stub of a service, such as `axisor.v1.OrderService`. All of them share one connection.
  stub(name: string): any {
    const service = name.split('.').reduce((found, part) => found[part], this.services);
    return new service(this.address, this.credentials, OPTIONS);
  }

  // Makes a call, and again while the core is away: whatever changes something carries one request
  // id each time. Throws CoreError.
  async call<T>(stub: any, method: string, request: object): Promise<T> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (let tries = 0; ; tries++) {
      try {
        return await new Promise((resolve, reject) => {
          stub[method](request, this.headers, { deadline }, (failed: grpc.ServiceError | null, answer: T) =>
            failed ? reject(failed) : resolve(answer),
          );
        });
      } catch (failed) {
        const error = this.errors.of(failed as grpc.ServiceError);
        const wait = jitter(FIRST_WAIT_MS, tries, 2_000);
        if (!error.mayChange || Date.now() + wait >= deadline) throw error;
        await sleep(wait);
      }
    }
  }

  // Follows a journal for ever: each event once, in order, over broken and silent lines. Throws
  // CoreError where opening the stream again does not help.
  async *watch(account: string, after: number | null, silenceMs: number): AsyncGenerator<Item> {
    const stub = this.stub('axisor.v1.EventService');
    for (let failures = 0, waitMs = 0; ; failures++) {
      const request = { parent: account, ...(after === null ? {} : { afterSequence: after }) };
      const stream: grpc.ClientReadableStream<Frame> = stub.watchEvents(request, this.headers, { waitForReady: true });
      const silence = setTimeout(() => stream.cancel(), silenceMs);
      let problem = 'the core ended the stream';
      waitMs = 0;
      try {
        for await (const frame of stream as AsyncIterable<Frame>) {
          silence.refresh();
          if (frame.snapshot) {
            after = frame.snapshot.sequence;
            yield { snapshot: { sequence: after } };
          }
          for (const event of frame.events) {
            if (after !== null && event.sequence <= after) continue; // seen before the cut
            if (after !== null && event.sequence !== after + 1) throw new Gap();
            after = event.sequence;
            yield { event };
          }
          if (after !== null && (frame.heartbeat?.latestSequence ?? 0) > after) throw new Gap();
          failures = 0;
        }
      } catch (failed) {
        if (failed instanceof Gap) {
          problem = 'an event is missing';
        } else {
          const error = this.errors.of(failed as grpc.ServiceError);
          if (!error.reopens) throw error;
          if (error.reason === 'SEQUENCE_EXPIRED') after = null; // take a snapshot
          problem = error.message;
          waitMs = (error.retryAfterS ?? 0) * 1_000;
        }
      } finally {
        clearTimeout(silence);
        stream.cancel();
      }
      yield { cut: { after, problem } };
      await sleep(waitMs + jitter(FIRST_WAIT_MS, failures, MOST_WAIT_MS));
    }
  }
}

class Gap extends Error {}

// A wait between zero and a bound that doubles with every failure in a row.
function jitter(first: number, failures: number, most: number): number {
  return Math.random() * Math.min(most, first * 2 ** Math.min(failures, 10));
}

export { CoreError };
