/** A score of a whole corpus (sacrebleu's sense): numbers of each sample, added up, and a score of the sums. */
export interface CorpusMetric {
  /** How many numbers a sample gives. */
  readonly width: number;
  /** The numbers of one sample. `references` has at least one. */
  count(prediction: string, references: readonly string[]): readonly number[];
  /** The corpus's score. */
  score(sums: Float64Array): number;
}
