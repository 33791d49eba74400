/** A figure with the bound it must keep. */
export interface Gate {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One benchmark: prints what it sees, returns what it promises. */
export interface Benchmark {
  readonly title: string;
  run(options: {
    /** So small that a test can run it; its figures mean nothing. */ readonly tiny: boolean;
  }): Promise<readonly Gate[]>;
}
