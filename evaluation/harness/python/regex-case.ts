// Case-insensitive matching as CPython does it: a character matches when its lower case is in the set's lower cases or
// among their "extra cases" (other lower-case letters with the same upper case). JavaScript's `i` flag folds
// differently (for example i, dotless i and dotted I), so sets are expanded to all their spellings instead.
import { lower, upper } from "./letter-case.ts";
import type { SetMember } from "./regex-syntax.ts";

// Every code point with a case lies in one of these spans.
const CASED_SPANS: readonly (readonly [number, number])[] = [
  [0x41, 0x2fff],
  [0xa640, 0xabff],
  [0xfb00, 0xfb17],
  [0xff21, 0xff5a],
  [0x10400, 0x10cff],
  [0x118a0, 0x118df],
  [0x16e40, 0x16e7f],
  [0x1e900, 0x1e943],
];

interface CaseTable {
  /** Code points by their lower case, only where that is not the one code point itself. */
  readonly spellings: ReadonlyMap<number, readonly number[]>;
  /** Lower case to the other lower cases with the same upper case. */
  readonly extraCases: ReadonlyMap<number, readonly number[]>;
}

let table: CaseTable | undefined;

/** All ranges that match case-insensitively when `members` (ranges only) are looked for. */
export function expandCase(members: readonly SetMember[]): SetMember[] {
  table ??= buildTable();
  const expanded: SetMember[] = [...members];
  const wanted = new Set<number>();
  for (const member of members) {
    if (member.kind === "range") addLowerCases(member.low, member.high, wanted, table);
  }
  for (const code of wanted) {
    for (const spelling of table.spellings.get(code) ?? [code]) {
      expanded.push({ kind: "range", low: spelling, high: spelling });
    }
  }
  return expanded;
}

function addLowerCases(low: number, high: number, wanted: Set<number>, cases: CaseTable): void {
  for (const [first, last] of CASED_SPANS) {
    for (let code = Math.max(low, first); code <= Math.min(high, last); code += 1) {
      const lowered = simpleLower(code);
      if (lowered === code && !cases.spellings.has(code) && !cases.extraCases.has(code)) continue;
      wanted.add(lowered);
      for (const other of cases.extraCases.get(lowered) ?? []) wanted.add(other);
    }
  }
}

function buildTable(): CaseTable {
  const spellings = new Map<number, number[]>();
  const byUpperCase = new Map<string, number[]>();
  for (const [first, last] of CASED_SPANS) {
    for (let code = first; code <= last; code += 1) {
      const lowered = simpleLower(code);
      if (lowered !== code) append(spellings, lowered, code);
      else if (upper(String.fromCodePoint(code)) !== String.fromCodePoint(code)) {
        append(byUpperCase, upper(String.fromCodePoint(code)), code);
      }
    }
  }
  for (const [lowered, codes] of spellings) codes.push(lowered);
  const extraCases = new Map<number, number[]>();
  for (const codes of byUpperCase.values()) {
    for (const code of codes) {
      for (const other of codes) if (other !== code) append(extraCases, code, other);
    }
  }
  return { spellings, extraCases };
}

function simpleLower(code: number): number {
  return lower(String.fromCodePoint(code)).codePointAt(0) ?? code;
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
