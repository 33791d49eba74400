// Writes docs/configuration.md from the tables of options and commands; with --check only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationPage } from "./configuration-page.ts";

const FILE = join(import.meta.dirname, "..", "docs", "configuration.md");

if (!process.argv.includes("--check")) writeFileSync(FILE, configurationPage());
else if (readFileSync(FILE, "utf8") !== configurationPage()) {
  console.error("docs/configuration.md is not what the option table says; run `npm run generate`");
  process.exitCode = 1;
}
