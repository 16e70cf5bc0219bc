// The columns of the table of all cells: what they show, what they are sorted by, what goes into a download.
import { metricOf, remarks, valueOf } from "./data.js";
import { percent, pValue, short } from "./format.js";
import { seedsOf, shown, shownDifference, shownDifferences, shownInterval } from "./wording.js";

export const suiteOf = (cell) => cell.problem.suite + (cell.problem.profile === "full" ? "" : `, ${cell.problem.profile}`);

// A row: a cell with the value of the metric that is chosen.
export function rowOf(data, cell, chosen) {
  const metric = metricOf(data, cell, chosen);
  return { cell, metric, value: valueOf(data, cell, metric) };
}

const better = (row) => (row.metric.lower ? -1 : 1);

// `most`: whether a first click sorts the largest first. A column may be left out where it says the same in every row.
export const COLUMNS = [
  { name: "method", label: "method", sort: (row) => row.cell.method.label, text: (row) => row.cell.method.label },
  { name: "data", label: "data set", sort: (row) => row.cell.problem.data, text: (row) => row.cell.problem.data },
  { name: "network", label: "network", sort: (row) => row.cell.problem.model, text: (row) => row.cell.problem.model },
  { name: "sparsity", label: "sparsity", number: true, sort: (row) => row.cell.target, text: (row) => percent(row.cell.target) },
  { name: "metric", label: "metric", sort: (row) => row.metric.label, text: (row) => row.metric.axis, quiet: true },
  {
    name: "mean", label: "mean", number: true, most: true, sort: (row) => row.value.mean,
    text: (row) => shown(row.value.mean, row.cell, row.metric),
  },
  {
    name: "interval", label: "95 % interval", number: true, sort: (row) => width(row.value),
    text: (row) => shownInterval(row.value.low, row.value.high, row.cell, row.metric), quiet: true,
  },
  { name: "n", label: "n", number: true, sort: (row) => row.value.n, text: (row) => seedsOf(row.cell, row.value) },
  {
    name: "difference", label: "difference", number: true, most: true,
    sort: (row) => row.value.difference === null ? null : better(row) * row.value.difference,
    text: (row) => shownDifference(row.value.difference, row.cell, row.metric) + (row.value.p !== null && row.value.p < 0.05 ? "*" : ""),
  },
  {
    name: "difference-interval", label: "its interval", number: true, quiet: true,
    sort: (row) => (row.value.differenceLow === null ? null : row.value.differenceHigh - row.value.differenceLow),
    text: (row) => shownDifferences(row.value.differenceLow, row.value.differenceHigh, row.cell, row.metric),
  },
  { name: "p", label: "p (Holm)", number: true, sort: (row) => row.value.p, text: (row) => row.value.p === null ? "" : pValue(row.value.p).replace("p = ", "").replace("p ", "") },
  { name: "steps", label: "steps alone", number: true, sort: (row) => row.cell.steps, text: (row) => cost(row.cell.steps) },
  { name: "flops", label: "FLOP alone", number: true, sort: (row) => row.cell.flops, text: (row) => cost(row.cell.flops) },
  { name: "seconds", label: "seconds", number: true, sort: (row) => row.cell.seconds, text: (row) => cost(row.cell.seconds) },
  { name: "parameters", label: "parameters left", number: true, sort: (row) => row.cell.parameters, text: (row) => cost(row.cell.parameters) },
  { name: "macs", label: "multiply-adds left", number: true, sort: (row) => row.cell.macs, text: (row) => cost(row.cell.macs) },
  { name: "remarks", label: "remarks", sort: (row) => remarks(row.cell).length, text: (row) => remarks(row.cell).join(", ") },
  { name: "suite", label: "suite", sort: (row) => suiteOf(row.cell), text: (row) => suiteOf(row.cell), quiet: true },
  { name: "environment", label: "environment", sort: (row) => row.cell.problem.environment, text: (row) => row.cell.problem.environment, quiet: true },
];

const WORDS = ["data", "network", "metric", "suite", "environment"];
export const NARROW = window.matchMedia("(max-width: 40rem)"); // a phone shows the numbers first

const cost = (value) => (value === null ? "" : short(value));
const width = (value) => (value.low === null ? null : value.high - value.low);

// Columns that tell rows apart, or that hold anything at all; method and numbers always stay.
export function columnsFor(rows) {
  const order = NARROW.matches ? [...COLUMNS].sort((a, b) => WORDS.includes(a.name) - WORDS.includes(b.name)) : COLUMNS;
  const kept = ["method", "sparsity", "mean", "interval", "n"];
  return order.filter((column) => {
    if (kept.includes(column.name)) return true;
    const texts = new Set();
    for (const row of rows) {
      texts.add(column.text(row));
      if (texts.size > 1) return true;
    }
    return !WORDS.includes(column.name) && [...texts].some((text) => text !== "");
  });
}

// A missing value comes last, whichever way the rest is sorted.
export function sorted(rows, sort) {
  const column = COLUMNS.find((one) => one.name === sort.replace(/^-/, ""));
  if (!column) return rows;
  const way = sort.startsWith("-") ? -1 : 1;
  const order = new Intl.Collator("en", { numeric: true });
  const keyed = rows.map((row) => ({ row, key: column.sort(row) }));
  const missing = (key) => key === null || key === undefined;
  keyed.sort((a, b) => {
    if (missing(a.key) || missing(b.key)) return missing(a.key) - missing(b.key) || a.row.cell.index - b.row.cell.index;
    const apart = typeof a.key === "number" ? a.key - b.key : order.compare(a.key, b.key);
    return way * apart || a.row.cell.index - b.row.cell.index;
  });
  return keyed.map((one) => one.row);
}
