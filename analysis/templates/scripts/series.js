// What the charts show of a problem: a series for each method, with its points, and what everything is read against.
import { metricOf, valueOf } from "./data.js";

// What may lie across: its words, and where a cell stands. A cell without a place is not drawn.
export const ACROSS = {
  sparsity: { label: "sparsity (% of prunable weights removed)", of: (cell) => placed(cell) },
  parameters: { label: "parameters left", of: (cell) => cell.parameters },
  macs: { label: "multiply-adds left, per sample", of: (cell) => cell.macs },
  steps: { label: "training steps of the method alone", of: (cell) => cell.steps },
};

// At what was counted; at what was asked for where nothing was counted, where nothing is left and where nothing is gone,
// as of a whole network that stands at a level for its size or its cost.
function placed(cell) {
  return cell.sparsity !== null && cell.sparsity > 0 && cell.sparsity < 1 ? cell.sparsity : cell.target;
}

function point(cell, value, kind, across, usual) {
  const x = ACROSS[across].of(cell);
  const [y, low, high] = kind === "value"
    ? [value.mean, value.low, value.high]
    : [value.difference, value.differenceLow, value.differenceHigh];
  if (x === null || x === undefined || (across !== "sparsity" && x <= 0)) return null;
  if (y === null) {
    const lost = kind === "value" && value.mean === null && cell.diverged + cell.failed > 0;
    return lost ? { cell, value, x, y: null, mark: "lost" } : null;
  }
  const sure = kind === "value" ? value.n >= usual : value.p !== null && value.p < 0.05;
  return { cell, value, x, y, low, high, mark: sure ? "sure" : "unsure" };
}

function usualSeeds(values) {
  const counts = new Map();
  for (const value of values) if (value.n) counts.set(value.n, (counts.get(value.n) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 1;
}

export function inRange(cell, { from, to }) {
  const low = from === "" ? -Infinity : Number(from) / 100;
  const high = to === "" ? Infinity : Number(to) / 100;
  return cell.target >= low - 1e-9 && cell.target <= high + 1e-9;
}

// The series of a problem in the order of its methods, without those that prune nothing.
export function seriesOf(data, problem, state, kind) {
  const cells = data.cells.filter((cell) => cell.problem === problem);
  const metric = cells.length ? metricOf(data, cells[0], state.metric) : null;
  if (!metric) return [];
  const usual = usualSeeds(cells.map((cell) => valueOf(data, cell, metric)));
  const series = new Map();
  for (const cell of cells) {
    if (problem.dense.includes(cell.method.label) || !inRange(cell, state)) continue;
    const made = point(cell, valueOf(data, cell, metric), kind, state.across, usual);
    if (!made) continue;
    if (!series.has(cell.method)) series.set(cell.method, { method: cell.method, points: [] });
    series.get(cell.method).points.push(made);
  }
  const along = (one) => one.points.sort((a, b) => a.x - b.x);
  return [...series.values()].map((one) => ({ ...one, points: along(one) }));
}

// The dense network, as the line that values are read against.
export function denseOf(data, problem, state) {
  for (const cell of data.cells) {
    if (cell.problem !== problem || !problem.dense.includes(cell.method.label)) continue;
    const value = valueOf(data, cell, metricOf(data, cell, state.metric));
    if (value.mean !== null) return { cell, value, x: null, y: value.mean, low: value.low, high: value.high, mark: "sure" };
  }
  return null;
}
