// The harness's group rows (`api/group.py`): means over leaf tasks and their pooled standard errors.
import { pythonSquare } from "../harness/scoring/elementary.ts";
import type { PlanGroup, PlanHeader } from "../plan.ts";
import type { ColumnResult } from "../task-scorer.ts";

/** A task's or group's row of results. */
export interface ResultRow {
  readonly name: string;
  readonly alias: string;
  /** Documents that were scored; null for a group that does not aggregate. */
  readonly sampleCount: number | null;
  readonly columns: readonly ColumnResult[];
  /** Samples behind each column, for groups. */
  readonly columnSamples: readonly number[] | null;
}

/** Rows of all groups, children before parents as the harness orders them. */
export function groupRows(header: PlanHeader, tasks: readonly ResultRow[]): ResultRow[] {
  const rows = new Map(tasks.map((row) => [row.name, row]));
  return groupsBottomUp(header.groups).map((group) => groupRow(group, header.groups, rows));
}

function groupsBottomUp(groups: readonly PlanGroup[]): PlanGroup[] {
  const byName = new Map(groups.map((group) => [group.name, group]));
  const isChild = new Set(groups.flatMap((group) => group.members));
  const ordered = new Set<PlanGroup>();
  const visit = (group: PlanGroup): void => {
    if (ordered.has(group)) return;
    for (const member of group.members) {
      const child = byName.get(member);
      if (child !== undefined) visit(child);
    }
    ordered.add(group);
  };
  for (const group of groups) if (!isChild.has(group.name)) visit(group);
  return [...ordered];
}

function groupRow(group: PlanGroup, groups: readonly PlanGroup[], rows: ReadonlyMap<string, ResultRow>): ResultRow {
  const { name, alias } = group;
  if (group.aggregates.length === 0) return { name, alias, sampleCount: null, columns: [], columnSamples: null };
  const leaves = leafTasks(group, groups).flatMap((task) => rows.get(task) ?? []);
  const columns: ColumnResult[] = [];
  const columnSamples: number[] = [];
  for (const { metric, filters, weightBySize } of group.aggregates) {
    for (const filter of filters.length > 0 ? filters : filtersOf(metric, leaves)) {
      const parts = leaves.flatMap((row) => {
        const column = row.columns.find((candidate) => candidate.metric === metric && candidate.filter === filter);
        return column === undefined ? [] : [{ ...column, samples: row.sampleCount ?? 0 }];
      });
      if (parts.length === 0) continue;
      const value = weightedMean(parts, weightBySize);
      columns.push({ metric, filter, value, standardError: groupError(parts, weightBySize) });
      columnSamples.push(parts.reduce((sum, part) => sum + part.samples, 0));
    }
  }
  const sampleCount = leaves.reduce((sum, row) => sum + (row.sampleCount ?? 0), 0);
  return { name, alias, sampleCount, columns, columnSamples };
}

/** Tasks below a group, through its subgroups, in order; one that two subgroups share counts twice. */
function leafTasks(group: PlanGroup, groups: readonly PlanGroup[]): string[] {
  return group.members.flatMap((member) => {
    const child = groups.find((candidate) => candidate.name === member);
    return child === undefined ? [member] : leafTasks(child, groups);
  });
}

function filtersOf(metric: string, rows: readonly ResultRow[]): string[] {
  const filters = new Set<string>();
  for (const row of rows) for (const column of row.columns) if (column.metric === metric) filters.add(column.filter);
  return [...filters].sort((left, right) => (left < right ? -1 : 1));
}

interface GroupPart extends ColumnResult {
  readonly samples: number;
}

function weightedMean(parts: readonly GroupPart[], weightBySize: boolean): number {
  let sum = 0;
  let weight = 0;
  for (const part of parts) {
    const size = weightBySize ? part.samples : 1;
    sum += part.value * size;
    weight += size;
  }
  return sum / weight;
}

function groupError(parts: readonly GroupPart[], weightBySize: boolean): number | "N/A" {
  let sum = 0;
  let total = 0;
  for (const { standardError, samples } of parts) {
    if (standardError === "N/A") return "N/A";
    const square = pythonSquare(standardError);
    sum += weightBySize ? (samples - 1) * square * samples : square;
    total += samples;
  }
  return weightBySize ? Math.sqrt(sum / (total - parts.length) / total) : Math.sqrt(sum) / parts.length;
}
