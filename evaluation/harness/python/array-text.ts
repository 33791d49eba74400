// numpy's text of a one-dimensional float64 array (`numpy/_core/arrayprint.py`), with its default print options.
import { unsupported } from "./python-error.ts";

const PRECISION = 8;
const LINE_WIDTH = 75;
const LONGEST = 1000;

/** `str(array)`: up to 8 digits after the point, columns aligned, lines of 75 characters. */
export function arrayText(values: Float64Array): string {
  if (values.length > LONGEST) throw unsupported(`the text of an array of more than ${LONGEST} numbers`);
  const lines: string[] = [];
  let line = " ";
  for (const [index, word] of columnTexts(values).entries()) {
    if (index > 0) line += " ";
    if (line.length > 1 && line.length + word.length > LINE_WIDTH - 1) {
      lines.push(line.trimEnd());
      line = " ";
    }
    line += word;
  }
  return `[${[...lines, line].join("\n").slice(1)}]`;
}

/** The numbers' texts, equally long. */
function columnTexts(values: Float64Array): string[] {
  const finite = values.filter(Number.isFinite);
  const parts = Array.from(finite, isWide(finite) ? scientificParts : positionalParts);
  const longest = (text: (part: NumberParts) => string): number =>
    Math.max(0, ...parts.map((part) => text(part).length));
  const [wholeLength, fractionLength] = [longest(({ whole }) => whole), longest(({ fraction }) => fraction)];
  const exponentLength = longest(({ exponent }) => exponent);
  const texts = parts.map(({ whole, fraction, exponent }) => {
    const start = `${whole.padStart(wholeLength)}.`;
    if (exponent === "") return start + fraction.padEnd(fractionLength);
    return `${start}${fraction.padEnd(fractionLength, "0")}e${exponent[0]}${exponent.slice(1).padStart(exponentLength - 1, "0")}`;
  });
  const others = Array.from(values, otherText);
  const width = Math.max(texts[0]?.length ?? 0, ...others.map((text) => text.length));
  let next = 0;
  return others.map((text) => (text === "" ? texts[next++]! : text).padStart(width));
}

interface NumberParts {
  /** With its sign. */
  readonly whole: string;
  readonly fraction: string;
  /** With its sign; empty where there is none. */
  readonly exponent: string;
}

/** Whether the numbers lie so far apart, or so far from 1, that they are written with exponents. */
function isWide(finite: Float64Array): boolean {
  const sizes = finite.map(Math.abs).filter((size) => size !== 0);
  if (sizes.length === 0) return false;
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  return largest >= 1e8 || smallest < 0.0001 || largest / smallest > 1000;
}

function positionalParts(value: number): NumberParts {
  const [whole, fraction = ""] = value.toFixed(PRECISION).split(".");
  return { whole: signed(value, whole!), fraction: fraction.replace(/0+$/, ""), exponent: "" };
}

function scientificParts(value: number): NumberParts {
  const shortest = value.toExponential();
  const isLong = shortest.replace(/e.*/, "").replace(/^-?\d\.?/, "").length > PRECISION;
  const [mantissa, exponent] = (isLong ? value.toExponential(PRECISION) : shortest).split("e");
  const [whole, fraction = ""] = mantissa!.split(".");
  const digits = exponent!.slice(1).padStart(2, "0");
  return { whole: signed(value, whole!), fraction: fraction.replace(/0+$/, ""), exponent: exponent![0]! + digits };
}

function signed(value: number, whole: string): string {
  return Object.is(value, -0) ? `-${whole}` : whole;
}

function otherText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (Number.isFinite(value)) return "";
  return value > 0 ? "inf" : "-inf";
}
