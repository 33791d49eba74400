// The card of a data set (its README.md): the YAML at its top lists configurations, and the types of the columns.
import { parse } from "yaml";
import { MusterError } from "../../base/muster-error.ts";
import type { DatasetName } from "./data-file.ts";

interface CardConfig {
  readonly config_name?: unknown;
  readonly data_files?: unknown;
  readonly data_dir?: unknown;
  readonly default?: unknown;
}

interface FrontMatter {
  readonly configs?: unknown;
  readonly dataset_info?: unknown;
}

/** What a card says of how a data set is read. JSON values. */
export interface CardLayout {
  /** How its files are read, as `dataset_kwargs` would say it. */
  readonly settings: { readonly [name: string]: unknown };
  /** The columns and their types; null where the card does not tell. */
  readonly features: readonly unknown[] | null;
}

/** A configuration of a card. */
export interface ChosenConfig {
  readonly name: string;
  /** Its files by split; null where it names none. */
  readonly patterns: ReadonlyMap<string, readonly string[]> | null;
  /** The folder that they are in, or null. */
  readonly folder: string | null;
  readonly settings: CardLayout["settings"];
}

/** Settings of a configuration that do not say how its files are read. */
const ELSEWHERE = new Set(["config_name", "data_files", "data_dir", "default", "description", "version"]);

/** The wanted configuration of a card; null where it lists none. Throws `notFound` naming those that there are. */
export function chooseConfig(card: string, { path, name }: DatasetName): ChosenConfig | null {
  const configs = configsOf(readFrontMatter(card, path));
  if (configs.length === 0) return null;
  const names = configs.map((config) => String(config.config_name));
  const chosen =
    name === null
      ? (configs.find((config) => config.default === true) ??
        configs.find((config) => config.config_name === "default") ??
        (configs.length === 1 ? configs[0] : undefined))
      : configs.find((config) => config.config_name === name);
  if (chosen === undefined) {
    const problem =
      name === null ? "has several configurations, and the task names none" : `has no configuration ${name}`;
    throw new MusterError("notFound", `the data set ${path} ${problem}`, {
      wayOut: `Set dataset_name to one of: ${names.join(", ")}.`,
    });
  }
  return {
    name: String(chosen.config_name),
    patterns: chosen.data_files === undefined ? null : cardPatterns(chosen.data_files),
    folder: typeof chosen.data_dir === "string" ? chosen.data_dir : null,
    settings: Object.fromEntries(Object.entries(chosen).filter(([key]) => !ELSEWHERE.has(key))),
  };
}

/** The names of the configurations that a card lists. */
export function cardConfigNames(card: string, path: string): readonly string[] {
  return configsOf(readFrontMatter(card, path)).map((config) => String(config.config_name));
}

function configsOf(front: FrontMatter | null): readonly CardConfig[] {
  if (!Array.isArray(front?.configs)) return [];
  const configs = front.configs as CardConfig[];
  return configs.filter((config) => config.data_files !== undefined || config.data_dir !== undefined);
}

/** The layout that holds for a data set; null where there is none, or the task itself says which files to take. */
export function readCardLayout(card: string | null, dataset: DatasetName): CardLayout | null {
  const isOwnChoice = ["data_files", "data_dir"].some((key) => dataset.kwargs?.has(key));
  if (card === null || isOwnChoice) return null;
  const config = chooseConfig(card, dataset);
  const info = readFrontMatter(card, dataset.path)?.dataset_info;
  const name = config?.name ?? dataset.name ?? "default";
  const infos = [info].flat().filter((one) => typeof one === "object" && one !== null) as Record<string, unknown>[];
  const features = infos.find((one) => (one["config_name"] ?? "default") === name)?.["features"];
  const layout = { settings: config?.settings ?? {}, features: Array.isArray(features) ? features : null };
  return layout.features === null && Object.keys(layout.settings).length === 0 ? null : layout;
}

function readFrontMatter(card: string, path: string): FrontMatter | null {
  const matter = /^(?:\uFEFF)?---\r?\n(.*?)\r?\n---/s.exec(card)?.[1];
  if (matter === undefined) return null;
  try {
    return parse(matter, { logLevel: "error" }) as FrontMatter | null;
  } catch (error) {
    throw new MusterError(
      "badData",
      `the card of the data set ${path} (README.md) is no YAML: ${(error as Error).message}`,
      {
        wayOut: "Correct it, or name the data set's files in a dataset map (--dataset-map).",
        cause: error,
      },
    );
  }
}

function cardPatterns(given: unknown): ReadonlyMap<string, readonly string[]> {
  const list = Array.isArray(given) ? (given as unknown[]) : [given];
  const splits = new Map<string, string[]>();
  for (const entry of list) {
    const { split = "train", path = entry } = (typeof entry === "object" ? entry : {}) as Record<string, unknown>;
    const patterns = [path].flat().map(String);
    splits.set(String(split), [...(splits.get(String(split)) ?? []), ...patterns]);
  }
  return splits;
}
