// Facts about a pattern's parts that decide whether JavaScript's matcher does exactly what CPython's does.
import type { RegexNode } from "./regex-syntax.ts";

/** The fewest and most code points a part can match (the most may be Infinity). */
export interface Width {
  readonly minimum: number;
  readonly maximum: number;
}

/** Measures a part. `groups` holds the widths of groups that references may name. */
export function measureWidth(node: RegexNode, groups: Map<number, Width>): Width {
  switch (node.kind) {
    case "set":
    case "any":
      return { minimum: 1, maximum: 1 };
    case "at":
      return { minimum: 0, maximum: 0 };
    case "look":
      measureWidth(node.body, groups);
      return { minimum: 0, maximum: 0 };
    case "atomic":
      return measureWidth(node.body, groups);
    case "group": {
      const width = measureWidth(node.body, groups);
      groups.set(node.index, width);
      return width;
    }
    case "reference":
      return groups.get(node.group) ?? { minimum: 0, maximum: Number.POSITIVE_INFINITY };
    case "sequence": {
      const widths = node.nodes.map((inner) => measureWidth(inner, groups));
      return {
        minimum: widths.reduce((sum, width) => sum + width.minimum, 0),
        maximum: widths.reduce((sum, width) => sum + width.maximum, 0),
      };
    }
    case "branch": {
      const widths = node.nodes.map((inner) => measureWidth(inner, groups));
      return {
        minimum: Math.min(...widths.map((width) => width.minimum)),
        maximum: Math.max(...widths.map((width) => width.maximum)),
      };
    }
    case "repeat": {
      const width = measureWidth(node.body, groups);
      return {
        minimum: width.minimum * node.minimum,
        // 0 * Infinity is NaN, but nothing repeated without end is still nothing.
        maximum: width.maximum === 0 || node.maximum === 0 ? 0 : width.maximum * node.maximum,
      };
    }
  }
}

/** Whether a part that can match nothing tries everything else first, as greedy repeats do. */
export function prefersText(node: RegexNode, groups: Map<number, Width>): boolean {
  if (measureWidth(node, groups).minimum > 0) return true;
  switch (node.kind) {
    case "set":
    case "any":
    case "at":
    case "look":
    case "reference":
      return true;
    case "group":
    case "atomic":
      return prefersText(node.body, groups);
    case "sequence":
      return node.nodes.every((inner) => prefersText(inner, groups));
    case "branch":
      return node.nodes.every((inner, index) =>
        index === node.nodes.length - 1 ? prefersText(inner, groups) : measureWidth(inner, groups).minimum > 0,
      );
    case "repeat":
      return node.mode !== "lazy" && prefersText(node.body, groups);
  }
}

/** The capture groups that are set whenever the part has matched, and all that it contains. */
export function captureGroups(node: RegexNode): { readonly always: Set<number>; readonly all: Set<number> } {
  switch (node.kind) {
    case "set":
    case "any":
    case "at":
    case "reference":
      return { always: new Set(), all: new Set() };
    case "group": {
      const { always, all } = captureGroups(node.body);
      return { always: always.add(node.index), all: all.add(node.index) };
    }
    case "atomic":
      return captureGroups(node.body);
    case "look": {
      const { always, all } = captureGroups(node.body);
      return { always: node.negated ? new Set() : always, all };
    }
    case "repeat": {
      const { always, all } = captureGroups(node.body);
      return { always: node.minimum === 0 ? new Set() : always, all };
    }
    case "sequence": {
      const parts = node.nodes.map(captureGroups);
      return { always: union(parts.map((part) => part.always)), all: union(parts.map((part) => part.all)) };
    }
    case "branch": {
      // Group numbers are unique, so no group can be set by every alternative.
      const parts = node.nodes.map(captureGroups);
      return { always: new Set(), all: union(parts.map((part) => part.all)) };
    }
  }
}

function union(sets: readonly Set<number>[]): Set<number> {
  return new Set(sets.flatMap((set) => [...set]));
}
