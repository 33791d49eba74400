import { expect, it } from "vitest";
import type { RenderedDocument } from "../evaluation/harness/task/render-document.ts";
import type { PlanPiece } from "../evaluation/plan.ts";
import { Packer } from "./packer.ts";

/** A multiple-choice document whose requests share one context of so many characters. */
function documentOf(characters: number, choices: number): RenderedDocument {
  const context = "x".repeat(characters);
  const requests = Array.from({ length: choices }, (_, choice) => ({
    kind: "loglikelihood" as const,
    context,
    continuation: ` ${choice}`,
  }));
  return { requests } as unknown as RenderedDocument;
}

function packsOf(documents: readonly RenderedDocument[]): number[] {
  const packer = new Packer();
  const pieces: (PlanPiece | undefined)[] = documents.map((document, docId) =>
    packer.add({ task: 0, docId }, document),
  );
  pieces.push(packer.takeRest());
  return pieces.flatMap((piece) => (piece?.kind === "pack" ? [piece.pack.samples.length] : []));
}

it("closes a pack at 256 requests and never splits a sample", () => {
  expect(packsOf(Array.from({ length: 100 }, () => documentOf(10, 5)))).toEqual([52, 48]);
});

it("closes a pack at a million characters, so that long prompts fit a message; a shared context counts once", () => {
  expect(packsOf(Array.from({ length: 5 }, () => documentOf(400_000, 4)))).toEqual([3, 2]);
});
