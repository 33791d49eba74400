import { SeededRandom } from "../../quickstart/seeded-random.ts";

/** What is to be computed: columns with an entry a sample. */
export interface SuiteModel {
  readonly name: string;
  /** What each sample takes, tokens. */
  readonly tokens: Float64Array;
  /** What was foretold. */
  readonly predicted: Uint32Array;
}

/** How far predictions are off: the standard deviation of their logarithm. */
const PREDICTION_NOISE = 0.5;
const RANDOM_STEPS = 1_000_000;

/** Random numbers of the shapes that lengths of answers have. */
export class RandomLengths {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** From 0 to 1, neither included. */
  uniform(): number {
    return (this.#random.below(RANDOM_STEPS) + 0.5) / RANDOM_STEPS;
  }

  /** Lognormal with this mean; `sigma` is the standard deviation of its logarithm. */
  lognormal(mean: number, sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
    return mean * Math.exp(sigma * normal - (sigma * sigma) / 2);
  }
}

/** A part of a suite: so many samples of about so many tokens. */
interface Part {
  readonly samples: number;
  readonly meanTokens: number;
  readonly sigma: number;
  readonly tokensMax: number;
}

/** Multiple choice, short answers and chains of thought: 60,000 samples of 300 tokens in the mean. */
const MIXED: readonly Part[] = [
  { samples: 40_000, meanTokens: 120, sigma: 0.4, tokensMax: 1_000 },
  { samples: 16_000, meanTokens: 350, sigma: 0.6, tokensMax: 2_048 },
  { samples: 4_000, meanTokens: 1_900, sigma: 0.5, tokensMax: 4_096 },
];
/** Reasoning: few samples, some of them very long. */
const REASONING: readonly Part[] = [{ samples: 5_000, meanTokens: 2_500, sigma: 1.2, tokensMax: 32_768 }];

/** Multiple choice: many samples that are over at once. */
const CHOICES: readonly Part[] = [{ samples: 200_000, meanTokens: 5, sigma: 0.3, tokensMax: 20 }];

/** 200,000 samples of five tokens. */
export function choiceSuite(seed: number, share = 1): SuiteModel {
  return makeSuite("multiple choice", CHOICES, { seed, share });
}

/** The suite of 60,000 samples; `share` makes it smaller. */
export function mixedSuite(seed: number, share = 1): SuiteModel {
  return makeSuite("mixed", MIXED, { seed, share });
}

/** 5,000 samples whose lengths have a heavy tail. */
export function reasoningSuite(seed: number, share = 1): SuiteModel {
  return makeSuite("reasoning", REASONING, { seed, share });
}

function makeSuite(name: string, parts: readonly Part[], { seed, share }: { seed: number; share: number }): SuiteModel {
  const random = new RandomLengths(seed);
  const tokens: number[] = [];
  for (const { samples, meanTokens, sigma, tokensMax } of parts) {
    for (let sample = 0; sample < samples * share; sample++) {
      tokens.push(Math.min(tokensMax, Math.max(1, Math.round(random.lognormal(meanTokens, sigma)))));
    }
  }
  const predicted = Uint32Array.from(tokens, (count) =>
    Math.max(1, Math.round(count * random.lognormal(1, PREDICTION_NOISE))),
  );
  return { name, tokens: Float64Array.from(tokens), predicted };
}
