// `process_results` of the harness (`api/task.py`) for loglikelihood and loglikelihood_rolling.
import { parsePythonJson } from "../python/json-parse.ts";
import { PythonError } from "../python/python-error.ts";
import { compilePythonRegex } from "../python/regex.ts";
import { PythonTuple, type PythonValue } from "../python/value.ts";
import type { SampleMetrics } from "./sample-metrics.ts";
import { utf8Length } from "./utf8-length.ts";

const SPACES = compilePythonRegex("\\s+");

/** Metrics of one log-likelihood: itself, and whether its text was the greedy one. */
export function likelihoodMetrics(wanted: ReadonlySet<string>): SampleMetrics {
  const names = ["perplexity", "acc"].filter((name) => wanted.has(name));
  return {
    names,
    compute: (_sample, [result]) => {
      const [logprob, isGreedy] = likelihoodOf(result);
      return names.map((name) => (name === "acc" ? Number(isGreedy) : logprob));
    },
  };
}

/** Metrics of a whole text's log-likelihood: pairs of it and the text's length in words or bytes. */
export function rollingMetrics(wanted: ReadonlySet<string>): SampleMetrics {
  const names = ["word_perplexity", "byte_perplexity", "bits_per_byte"].filter((name) => wanted.has(name));
  return {
    names,
    compute: (sample, [logprob]) => {
      const text = parsePythonJson(sample.target);
      if (typeof text !== "string") throw new PythonError("TypeError", "the text to be scored is no text");
      return names.map((name) => {
        const length = name === "word_perplexity" ? SPACES.split(text).length : utf8Length(text);
        return new PythonTuple([logprob!, length]);
      });
    },
  };
}

/** The (log-probability, is greedy) of a scoring result. */
export function likelihoodOf(result: PythonValue | undefined): readonly [PythonValue, boolean] {
  if (!(result instanceof PythonTuple)) throw new PythonError("TypeError", "a response is not a log-probability");
  return [result.values[0]!, result.values[1] === true];
}
