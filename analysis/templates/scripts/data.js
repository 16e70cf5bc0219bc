// The results in the page, from columns to cells. A cell knows its problem and method; its values are looked up by metric.
import { byId } from "./elements.js";

function rowsOf(columns) {
  const names = Object.keys(columns);
  const size = columns[names[0]]?.length ?? 0;
  return Array.from({ length: size }, (_, at) => Object.fromEntries(names.map((name) => [name, columns[name][at]])));
}

export function readData() {
  const raw = JSON.parse(byId("data").textContent);
  const methods = raw.methods;
  const problems = raw.problems.map((one) => ({ ...one, environment: raw.environments[one.environment] }));
  const cells = rowsOf(raw.cells).map((cell, index) => {
    const problem = problems[cell.problem];
    const method = methods[cell.method];
    return { ...cell, index, problem, method, id: `${problem.id}~${cell.level}~${method.label}` };
  });
  const metrics = Object.fromEntries(raw.metrics.map((metric) => [metric.name, metric]));
  return { ...raw, methods, problems, cells, metrics, byId: new Map(cells.map((cell) => [cell.id, cell])) };
}

// The metric of a cell: the one that is chosen, or its suite's own.
export function metricOf(data, cell, chosen) {
  return data.metrics[chosen] ?? data.metrics[cell.problem.metric];
}

// Mean, interval and difference of a cell; a column that the page leaves out holds nothing for any cell.
export function valueOf(data, cell, metric) {
  const columns = data.values[metric.name];
  const at = (name) => columns?.[name]?.[cell.index] ?? null;
  return {
    n: at("n") ?? 0, mean: at("mean"), low: at("low"), high: at("high"),
    pairs: at("pairs") ?? 0, difference: at("difference"), differenceLow: at("difference_low"),
    differenceHigh: at("difference_high"), p: at("p"),
  };
}

export function runsOf(data, cell) {
  const { first, key, seed, status, origin, reason, values } = data.runs;
  const runs = [];
  for (let at = first[cell.index]; at < first[cell.index + 1]; at += 1) {
    runs.push({
      name: key[at], seed: seed[at], status: data.statuses[status[at]], origin: data.origins[origin[at]],
      reason: data.reasons[reason[at]],
      values: Object.fromEntries(Object.entries(values).map(([metric, column]) => [metric, column[at]])),
    });
  }
  return runs;
}

export const isIncomplete = (cell) => cell.final < cell.planned;

// What a reader has to know beside a number.
export function remarks(cell) {
  const endings = [[cell.collapsed, "collapsed"], [cell.diverged, "diverged"], [cell.failed, "failed"]];
  const words = endings.filter(([many]) => many).map(([many, word]) => `${many} ${word}`);
  return isIncomplete(cell) ? [`${cell.final} of ${cell.planned} seeds`, ...words] : words;
}
