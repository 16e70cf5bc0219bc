// How a number was made: the runs of a cell, the SQL that gives it, the commands that make it again.
import { commandsFor, queriesFor } from "./commands.js";
import { codeBlock } from "./copying.js";
import { metricOf, remarks, runsOf, valueOf } from "./data.js";
import { byId, element } from "./elements.js";
import { number, percent, pValue, short } from "./format.js";
import { change, onChange, state } from "./state.js";
import { decimalsOf, placeOf, seedsOf, shown, shownDifference, shownDifferences, shownInterval } from "./wording.js";

function facts(cell, value, metric) {
  const { problem } = cell;
  const joined = (text, interval) => (interval ? `${text} ${interval}` : text);
  const list = [
    ["suite", `${problem.suite}, profile ${problem.profile}`],
    ["environment", problem.environment],
    [`mean ${metric.words}`, value.mean === null ? "none yet" : joined(`${shown(value.mean, cell, metric)} ${metric.unit}`, shownInterval(value.low, value.high, cell, metric))],
    ["seeds", `n = ${seedsOf(cell, value)}${remarks(cell).length ? ` (${remarks(cell).join(", ")})` : ""}`],
    ["sparsity", `${percent(cell.target)} asked for${cell.sparsity === null ? "" : `, ${percent(cell.sparsity)} counted`}`],
  ];
  if (value.difference !== null) {
    const text = `${shownDifference(value.difference, cell, metric)} ${metric.difference_unit}`;
    const interval = shownDifferences(value.differenceLow, value.differenceHigh, cell, metric);
    const p = value.p === null ? "" : `, ${pValue(value.p)} after Holm's correction`;
    list.push([`against ${problem.baseline}`, `${joined(text, interval)} over ${value.pairs} ${value.pairs === 1 ? "pair" : "pairs"}${p}`]);
  }
  if (cell.steps !== null) list.push(["cost of one run alone", `${short(cell.steps)} training steps${cell.flops === null ? "" : `, ${short(cell.flops)} operations`}`]);
  if (cell.parameters !== null) list.push(["what is left", `${short(cell.parameters)} parameters${cell.macs === null ? "" : `, ${short(cell.macs)} multiply-adds`}`]);
  return element("dl", {}, list.map(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
}

function runTable(cell, runs, metric) {
  const columns = ["run", "seed", metric.axis, "how it ended", "origin"];
  const digits = Math.max(decimalsOf(cell, metric), metric.accuracy ? 2 : 4);
  const rows = runs.map((run) => {
    const value = run.values[metric.name] ?? null;
    return element("tr", {}, element("td", {}, element("code", {}, run.name)), element("td", { class: "number" }, String(run.seed)),
      element("td", { class: "number" }, value === null ? "" : number(value * metric.scale, digits)),
      element("td", {}, run.reason ? `${run.status}: ${run.reason}` : run.status), element("td", {}, run.origin));
  });
  if (!runs.length) return element("p", {}, "It has no run here yet.");
  return element("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Its runs" }, element("table", {},
    element("thead", {}, element("tr", {}, columns.map((name, at) => element("th", { scope: "col", class: at === 1 || at === 2 ? "number" : null }, name)))),
    element("tbody", {}, rows)));
}

function titled(title, blocks) {
  return [element("h3", {}, title), ...blocks.flatMap(([name, text]) => [element("p", { class: "quiet" }, name), codeBlock(name, text)])];
}

function fill(data, cell) {
  const metric = metricOf(data, cell, state.metric);
  const runs = runsOf(data, cell);
  byId("cell-title").textContent = `${placeOf(cell)}: ${cell.problem.data}, ${cell.problem.model}`;
  byId("cell-content").replaceChildren(
    facts(cell, valueOf(data, cell, metric), metric),
    element("h3", {}, "Its runs"), runTable(cell, runs, metric),
    ...titled("The SQL that gives it", queriesFor(data, cell, metric)),
    ...titled("To make it again", commandsFor(data, cell, runs)),
    element("p", { class: "quiet" }, "A suite of your own is named by the path of its file."),
  );
}

export function enableDetail(data) {
  const dialog = byId("cell");
  let chosen = null;
  const choose = (cell) => change({ cell: cell.id });
  dialog.addEventListener("close", () => {
    if (state.cell) change({ cell: "" });
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  byId("cell-close").addEventListener("click", () => dialog.close());
  byId("cell-chart").addEventListener("click", () => {
    const { problem, method } = chosen;
    dialog.close();
    change({ chart: problem.id, hide: state.hide.filter((one) => one !== method.label) });
    byId("charts-title").scrollIntoView();
  });
  onChange(() => {
    const cell = data.byId.get(state.cell) ?? null;
    if (cell) {
      chosen = cell;
      fill(data, cell);
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) dialog.close();
  });
  return choose;
}
