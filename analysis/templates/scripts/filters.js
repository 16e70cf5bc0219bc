// What rows the table shows: words that all must occur, boxes to tick, a range of sparsity.
import { isIncomplete } from "./data.js";
import { byId, element } from "./elements.js";
import { number, percent } from "./format.js";
import { inRange } from "./series.js";
import { change, state } from "./state.js";

const STATES = [
  ["complete", (cell) => !isIncomplete(cell)],
  ["incomplete", isIncomplete],
  ["with failed or diverged runs", (cell) => cell.failed + cell.diverged > 0],
  ["with collapsed runs", (cell) => cell.collapsed > 0],
  ["with reference runs", (cell) => cell.reference > 0],
  ["on stand-in data", (cell) => cell.problem.standin],
];

const FACETS = [
  { name: "data", label: "data set", of: (cell) => [cell.problem.data] },
  { name: "network", label: "network", of: (cell) => [cell.problem.model] },
  { name: "method", label: "method", of: (cell) => [cell.method.label] },
  { name: "suite", label: "suite", of: (cell) => [cell.problem.suite] },
  { name: "profile", label: "profile", of: (cell) => [cell.problem.profile] },
  { name: "environment", label: "environment", of: (cell) => [cell.problem.environment] },
  { name: "is", label: "state", of: (cell) => STATES.filter(([, holds]) => holds(cell)).map(([word]) => word) },
];
export const FACET_NAMES = FACETS.map((facet) => facet.name);

function wordsOf(cell) {
  const { problem } = cell;
  const words = [cell.method.label, problem.data, problem.model, problem.suite, problem.profile, problem.environment,
    percent(cell.target).replace("\u00a0", " "), ...STATES.filter(([, holds]) => holds(cell)).map(([word]) => word)];
  return words.join(" ").toLowerCase();
}

export function prepareFilters(data) {
  const texts = data.cells.map(wordsOf);
  return (rowsOf) => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const ticked = FACETS.map((facet) => [facet, new Set(state[facet.name])]).filter(([, values]) => values.size);
    return data.cells.filter((cell) =>
      inRange(cell, state) &&
      words.every((word) => texts[cell.index].includes(word)) &&
      ticked.every(([facet, values]) => facet.of(cell).some((value) => values.has(value)))).map(rowsOf);
  };
}

function countsOf(data, facet) {
  const counts = new Map();
  for (const cell of data.cells) for (const value of facet.of(cell)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function box(facet, value, many) {
  const input = element("input", {
    type: "checkbox", value, "data-facet": facet.name,
    change: (event) => {
      const others = state[facet.name].filter((one) => one !== value);
      change({ [facet.name]: event.target.checked ? [...others, value] : others, page: "1" });
    },
  });
  return element("label", {}, input, element("span", {}, value), element("small", {}, number(many, 0)));
}

export function buildFacets(data) {
  const made = FACETS.map((facet) => [facet, countsOf(data, facet)]).filter(([, counts]) => counts.size > 1);
  byId("facets").replaceChildren(...made.map(([facet, counts]) => element("details", { class: "facet" },
    element("summary", {}, facet.label, element("span", { class: "chosen", "data-chosen": facet.name })),
    element("fieldset", {}, element("legend", { class: "unseen" }, facet.label),
      [...counts].map(([value, many]) => box(facet, value, many))))));
}

// What is ticked follows the state, also where that came from a link.
export function showFacets() {
  for (const input of byId("facets").querySelectorAll("input")) {
    input.checked = state[input.dataset.facet].includes(input.value);
  }
  for (const span of byId("facets").querySelectorAll("[data-chosen]")) {
    const chosen = state[span.dataset.chosen];
    span.textContent = chosen.length === 1 ? chosen[0] : chosen.length ? `${chosen.length} chosen` : "";
  }
}
