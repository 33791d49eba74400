// SHA-256 (FIPS 180-4) for the folders that compile without Node. For names of small texts, not for bulk data.

const ROUND_CONSTANTS = new Uint32Array(64);
const INITIAL_STATE = new Uint32Array(8);
fillConstants();

/** Hex SHA-256 of the text's UTF-8 bytes. */
export function sha256Hex(text: string): string {
  const state = Uint32Array.from(INITIAL_STATE);
  const view = paddedMessage(new TextEncoder().encode(text));
  const schedule = new Uint32Array(64);
  for (let offset = 0; offset < view.byteLength; offset += 64) mixBlock(state, schedule, { view, offset });
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** The constants are the first 32 fractional bits of the square and cube roots of the first primes. */
function fillConstants(): void {
  for (let candidate = 2, found = 0; found < 64; candidate += 1) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) isPrime &&= candidate % divisor !== 0;
    if (!isPrime) continue;
    if (found < 8) INITIAL_STATE[found] = fractionBits(Math.sqrt(candidate));
    ROUND_CONSTANTS[found] = fractionBits(Math.cbrt(candidate));
    found += 1;
  }
}

function fractionBits(value: number): number {
  return Math.floor((value % 1) * 4294967296);
}

function paddedMessage(bytes: Uint8Array): DataView {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x20000000));
  view.setUint32(padded.length - 4, bytes.length * 8);
  return view;
}

function mixBlock(state: Uint32Array, schedule: Uint32Array, at: { view: DataView; offset: number }): void {
  for (let index = 0; index < 64; index += 1) schedule[index] = scheduleWord(schedule, index, at);
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let index = 0; index < 64; index += 1) {
    const choice = (e & f) ^ (~e & g);
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + sum1 + choice + ROUND_CONSTANTS[index]! + schedule[index]!) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] = state[index]! + word));
}

function scheduleWord(schedule: Uint32Array, index: number, at: { view: DataView; offset: number }): number {
  if (index < 16) return at.view.getUint32(at.offset + index * 4);
  const early = schedule[index - 15]!;
  const late = schedule[index - 2]!;
  const small0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
  const small1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
  return schedule[index - 16]! + small0 + schedule[index - 7]! + small1;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
