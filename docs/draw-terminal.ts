// Draws a terminal's content as SVG, for the README. Reads text with ANSI colours on standard input:
//   tmux capture-pane -e -p -t SESSION | node docs/draw-terminal.ts > docs/demo.svg
const CELL = { width: 8.4, height: 19 };
const MARGIN = 16;
const COLOURS: readonly string[] = [
  "#3b4252",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#dcdfe4",
];
const [BACKGROUND, FOREGROUND] = ["#1e222a", "#dcdfe4"];

interface Style {
  colour: string;
  bold: boolean;
  dim: boolean;
}

const plain = (): Style => ({ colour: FOREGROUND, bold: false, dim: false });

/** What one Select Graphic Rendition sequence does to a style. */
function applyCodes(style: Style, codes: readonly number[]): Style {
  let next = style;
  for (const code of codes) {
    if (code === 0) next = plain();
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 39) next = { ...next, colour: FOREGROUND };
    else if (code >= 30 && code <= 37) next = { ...next, colour: COLOURS[code - 30] };
    else if (code >= 90 && code <= 97) next = { ...next, colour: COLOURS[code - 90] };
  }
  return next;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** One line of the terminal, as SVG text; the style goes on into the next line, as a terminal's does. */
function drawLine(line: string, row: number, style: Style): { svg: string; style: Style; columns: number } {
  let [svg, column, current] = ["", 0, style];
  // oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b")) {
      current = applyCodes(current, part.slice(2, -1).split(";").map(Number));
      continue;
    }
    if (part.trim() !== "") {
      const x = MARGIN + column * CELL.width;
      const attributes = `fill="${current.colour}"${current.bold ? ' font-weight="bold"' : ""}${current.dim ? ' opacity="0.6"' : ""}`;
      const width = ` textLength="${([...part].length * CELL.width).toFixed(1)}"`;
      svg += `<text x="${x.toFixed(1)}" y="${MARGIN + (row + 0.8) * CELL.height}"${width} xml:space="preserve" ${attributes}>${escapeXml(part)}</text>\n`;
    }
    column += [...part].length;
  }
  return { svg, style: current, columns: column };
}

async function readInput(): Promise<string> {
  let input = "";
  for await (const part of process.stdin) input += String(part);
  return input;
}

const lines = (await readInput()).trimEnd().split("\n");
let [body, style, columns] = ["", plain(), 80];
lines.forEach((line, row) => {
  const drawn = drawLine(line, row, style);
  body += drawn.svg;
  style = drawn.style;
  columns = Math.max(columns, drawn.columns);
});
const width = 2 * MARGIN + columns * CELL.width;
const height = 2 * MARGIN + lines.length * CELL.height;
console.log(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">\n` +
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>\n${body}</svg>`,
);
