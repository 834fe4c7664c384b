// What a core says when it refuses: a reason to switch on, and what it means for the money.
import grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';

const DETAILS = 'grpc-status-details-bin';
const DOMAIN = 'axisor';

export class CoreError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly reason = '',
    readonly means = '',
    readonly todo = '',
    readonly retryAfterS: number | null = null,
    readonly metadata: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  // Another try of the same call may be answered otherwise. An error with an intent's state is how
  // an action ended, and stays the answer.
  get mayChange(): boolean {
    return this.code === 'UNAVAILABLE' && !('state' in this.metadata);
  }

  // Opening a stream again helps: the line broke, or the core asks for patience.
  get reopens(): boolean {
    if (this.reason === 'SEQUENCE_EXPIRED') return true;
    if (['UNAVAILABLE', 'RESOURCE_EXHAUSTED'].includes(this.code)) return true;
    return this.reason === '' && ['CANCELLED', 'INTERNAL', 'UNKNOWN'].includes(this.code);
  }
}

type Any = { type_url: string; value: Buffer };
type Info = { reason: string; domain: string; metadata: Record<string, string> };
type Retry = { retryDelay: { seconds: number; nanos: number } | null };

export class Errors {
  constructor(private readonly contract: PackageDefinition) {}

  // The error that a failed call carries. Without one of the core's, only code and message are set.
  of(failed: grpc.ServiceError): CoreError {
    const code = grpc.status[failed.code] ?? 'UNKNOWN';
    const [packed] = failed.metadata?.get(DETAILS) ?? [];
    if (!(packed instanceof Buffer)) return new CoreError(code, failed.details);
    const { message, details } = this.read<{ message: string; details: Any[] }>('Status', packed);
    const find = <T>(name: string): T | undefined => {
      const found = details.find(({ type_url }) => type_url.endsWith(`/google.rpc.${name}`));
      return found && this.read<T>(name, found.value);
    };
    const info = find<Info>('ErrorInfo');
    if (info?.domain !== DOMAIN) return new CoreError(code, message);
    const { means = '', todo = '', ...metadata } = info.metadata;
    const delay = find<Retry>('RetryInfo')?.retryDelay;
    const wait = delay ? delay.seconds + delay.nanos / 1e9 : null;
    return new CoreError(code, message, info.reason, means, todo, wait, metadata);
  }

  private read<T>(name: string, bytes: Buffer): T {
    const type = this.contract[`google.rpc.${name}`] as MessageTypeDefinition<object, object>;
    return type.deserialize(bytes) as T;
  }
}
