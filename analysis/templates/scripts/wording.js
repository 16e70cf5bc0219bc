// A value in words, the same in labels, hints, table and details.
import { isIncomplete } from "./data.js";
import { number, percent, pValue, signed } from "./format.js";

export const decimalsOf = (cell, metric) => cell.problem.decimals[metric.name] ?? metric.decimals;

export function shown(value, cell, metric) {
  return value === null ? "" : number(value * metric.scale, decimalsOf(cell, metric));
}

export function shownInterval(low, high, cell, metric) {
  return low === null ? "" : `[${shown(low, cell, metric)}, ${shown(high, cell, metric)}]`;
}

export function shownDifference(value, cell, metric) {
  return value === null ? "" : signed(value * metric.scale, decimalsOf(cell, metric));
}

export function shownDifferences(low, high, cell, metric) {
  return low === null ? "" : `[${shownDifference(low, cell, metric)}, ${shownDifference(high, cell, metric)}]`;
}

export const seedsOf = (cell, value) => (isIncomplete(cell) ? `${cell.final} of ${cell.planned}` : String(value.n));

export const placeOf = (cell) => `${cell.method.label} at ${percent(cell.target)}`;

// The lines of a hint: where, what, and what it is compared with.
export function lines(cell, value, metric) {
  const told = [placeOf(cell)];
  if (value.mean === null) told.push("no run gave a value");
  else {
    told.push(`${metric.label}: ${shown(value.mean, cell, metric)} ${metric.unit}`);
    if (value.low !== null) told.push(`95 % interval ${shownInterval(value.low, value.high, cell, metric)}`);
    told.push(`n = ${value.n}${isIncomplete(cell) ? `, ${cell.final} of ${cell.planned} seeds have run` : ""}`);
  }
  if (value.difference !== null) {
    const interval = shownDifferences(value.differenceLow, value.differenceHigh, cell, metric);
    const p = value.p === null ? "" : `, ${pValue(value.p)}`;
    told.push(`against ${cell.problem.baseline}: ${shownDifference(value.difference, cell, metric)} ${metric.difference_unit}`);
    if (interval) told.push(`${interval}${p}`);
  }
  return told;
}
