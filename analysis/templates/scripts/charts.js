// The charts of a problem: what is chosen above them, the two charts, the legend below.
import { metricOf, valueOf } from "./data.js";
import { drawChart } from "./chart.js";
import { byId, element, fillSelect } from "./elements.js";
import { percent } from "./format.js";
import { sampleOf } from "./marks.js";
import { enablePointing } from "./pointing.js";
import { denseOf, seriesOf } from "./series.js";
import { acrossLabel, acrossScale, differencesScale, limitsOf, spacings, valueScale } from "./spacing.js";
import { change, onChange, state } from "./state.js";

const FIELDS = { data: (one) => one.data, network: (one) => one.model, suite: suiteOf, environment: (one) => one.environment };

function suiteOf(problem) {
  return problem.profile === "full" ? problem.suite : `${problem.suite}, profile ${problem.profile}`;
}

// The problem that is chosen; at first the first of which a pruned network has a value.
export const problemOf = (data) => data.problems.find((one) => one.id === state.chart) ?? firstWithResults(data);

function firstWithResults(data) {
  const shown = data.cells.find((cell) => cell.level > 0 && valueOf(data, cell, metricOf(data, cell, "")).mean !== null);
  return shown?.problem ?? data.problems[0];
}

// The problem that has what was just chosen, and of the rest as much as there is.
function changed(data, field, value) {
  const now = problemOf(data);
  const fitting = data.problems.filter((one) => FIELDS[field](one) === value);
  const agreeing = (one) => Object.values(FIELDS).filter((of) => of(one) === of(now)).length;
  return fitting.reduce((best, one) => (agreeing(one) > agreeing(best) ? one : best));
}

function fillFields(data) {
  const now = problemOf(data);
  for (const [field, of] of Object.entries(FIELDS)) {
    const select = byId(`chart-${field}`);
    const values = [...new Set(data.problems.map(of))];
    fillSelect(select, values.map((value) => [value, value]), of(now));
    select.closest("label").hidden = values.length < 2;
  }
}

function legend(problem, series, dense) {
  const buttons = series.map(({ method }) => element("button", {
    type: "button", "aria-pressed": String(!state.hide.includes(method.label)), "data-method": method.label,
  }, sampleOf(method), element("span", {}, method.label)));
  const line = dense ? [element("span", { class: "dense" }, sampleOf({ ...dense.cell.method, line: "--" }), dense.cell.method.label)] : [];
  byId("legend").replaceChildren(...line, ...buttons);
}

function draw(data, kind, choose) {
  const host = byId(`chart-${kind}`);
  const problem = problemOf(data);
  const all = seriesOf(data, problem, state, kind);
  const series = all.filter((one) => !state.hide.includes(one.method.label));
  const metric = data.metrics[state.metric] ?? data.metrics[problem.metric];
  const points = series.flatMap((one) => one.points).filter((point) => point.y !== null);
  const what = kind === "value" ? metric.label : `Difference to ${problem.baseline}`;
  byId(`chart-${kind}-title`).textContent = `${what}: ${problem.data}, ${problem.model}`;
  if (!points.length) {
    host.replaceChildren(element("p", { class: "nothing" }, absence(all, kind, metric, problem)));
    return all;
  }
  const dense = kind === "value" ? denseOf(data, problem, state) : null;
  const line = kind === "value" ? dense : { y: 0 };
  const means = points.map((point) => point.y);
  const up = kind === "value"
    ? valueScale(metric, state.scale, [...means, ...(dense ? [dense.y] : [])], problem.test_count)
    : differencesScale(metric, state.scale, means);
  const marks = drawChart(host, {
    series, line, metric, up, across: acrossScale(state.across, points.map((point) => point.x)), limits: limitsOf,
    acrossLabel: acrossLabel(state.across), upLabel: kind === "value" ? metric.axis : metric.difference_axis,
    label: `${what}, ${problem.data}, ${problem.model}. Arrow keys go from point to point, Enter shows the runs of one.`,
  });
  enablePointing(host, marks, metric, choose);
  return all;
}

// Why there is nothing to draw.
function absence(all, kind, metric, problem) {
  if (all.some((one) => one.points.some((point) => point.y !== null))) return "No chart: all methods are switched off below.";
  if (state.from !== "" || state.to !== "") return "No chart: no result in this range of sparsity.";
  if (kind === "value") return `No chart: no pruned network has a ${metric.words} yet.`;
  return `No chart: no method has a seed in common with ${problem.baseline} yet.`;
}

const shows = () => JSON.stringify([state.chart, state.metric, state.across, state.scale, state.from, state.to, state.hide]);

function render(data, choose) {
  const problem = problemOf(data);
  fillFields(data);
  const metric = metricOf(data, { problem }, state.metric);
  byId("chart-across").value = state.across;
  fillSelect(byId("chart-scale"), spacings(metric), state.scale);
  const focused = document.activeElement?.closest?.(".point")?.dataset.cell;
  const shown = [draw(data, "value", choose), draw(data, "difference", choose)];
  const longest = shown[0].length >= shown[1].length ? shown[0] : shown[1];
  legend(problem, longest, denseOf(data, problem, state));
  const levels = data.cells.filter((cell) => cell.problem === problem).map((cell) => cell.target);
  byId("chart-place").textContent =
    `Suite ${suiteOf(problem)}; ${problem.environment}. Sparsities asked for: ${percent(Math.min(...levels))} to ${percent(Math.max(...levels))}.` +
    (problem.standin ? " Stand-in data: these are not results on the data set whose place it takes." : "");
  if (focused) document.querySelector(`.point[data-cell="${CSS.escape(focused)}"]`)?.focus();
}

export function enableCharts(data, choose) {
  for (const field of Object.keys(FIELDS)) {
    byId(`chart-${field}`).addEventListener("change", (event) => change({ chart: changed(data, field, event.target.value).id }));
  }
  byId("chart-across").addEventListener("change", (event) => change({ across: event.target.value }));
  byId("chart-scale").addEventListener("change", (event) => change({ scale: event.target.value }));
  byId("legend").addEventListener("click", (event) => {
    const method = event.target.closest("button")?.dataset.method;
    if (method === undefined) return;
    change({ hide: state.hide.includes(method) ? state.hide.filter((one) => one !== method) : [...state.hide, method] });
    byId("legend").querySelector(`[data-method="${CSS.escape(method)}"]`)?.focus();
  });
  byId("legend-all").addEventListener("click", () => change({ hide: [] }));
  byId("legend-none").addEventListener("click", () => {
    change({ hide: [...byId("legend").querySelectorAll("button")].map((button) => button.dataset.method) });
  });
  let shown = null;
  onChange(() => {
    if (shown === shows()) return;
    shown = shows();
    render(data, choose);
  });
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = entry.contentRect.width;
    if (Math.abs(now - width) < 1 || now === 0) return; // none: the page is being printed, without the charts
    width = now;
    render(data, choose);
  }).observe(byId("charts"));
}
