// The strategy: a function from what happened and what is remembered to wishes and a new memory.

export type Config = { margin: number; step?: number };
export type Memory = { anchor?: string };
export type Stimulus = { is: string; tick?: { last: string } };
export type Intent = { is: string; [field: string]: unknown };
export type Step = { intents: Intent[]; memory: Memory };

/** Buys when the price is a step below the highest one since the last buy. */
export function decide(stimulus: Stimulus, config: Config, memory: Memory): Step {
  if (stimulus.is !== 'Ticked' || stimulus.tick === undefined) return { intents: [], memory };
  const { last } = stimulus.tick;
  const price = Number(last);
  const anchor = memory.anchor === undefined ? undefined : Number(memory.anchor);
  if (anchor === undefined || price > anchor) return { intents: [], memory: { anchor: last } };
  if (price > anchor * (1 - (config.step ?? 2) / 100)) return { intents: [], memory };
  const buy: Intent = { is: 'OpenPosition', side: 'buy', margin: config.margin, leverage: 1 };
  return { intents: [buy], memory: { anchor: last } };
}
