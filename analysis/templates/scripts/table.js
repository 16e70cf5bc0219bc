// The table of all cells: filtered, sorted, a page at a time, so that thousands of rows stay quick.
import { announce } from "./announce.js";
import { columnsFor, NARROW, rowOf, sorted } from "./columns.js";
import { isIncomplete } from "./data.js";
import { csvOf, download } from "./download.js";
import { byId, element } from "./elements.js";
import { count, number } from "./format.js";
import { buildFacets, FACET_NAMES, prepareFilters, showFacets } from "./filters.js";
import { change, onChange, reset, state } from "./state.js";

const SHOWN = ["metric", "from", "to", "q", "sort", "page", "rows", ...FACET_NAMES];

// A first click sorts the way that is asked for most, a second the other way, a third gives the suite's order back.
function nextSort(column) {
  const [first, second] = column.most ? [`-${column.name}`, column.name] : [column.name, `-${column.name}`];
  if (state.sort === first) return second;
  return state.sort === second ? "" : first;
}

function head(column) {
  const way = state.sort === column.name ? "ascending" : state.sort === `-${column.name}` ? "descending" : "none";
  const button = element("button", {
    type: "button", "data-sort": column.name,
    click: () => {
      change({ sort: nextSort(column), page: "1" });
      byId("cells").querySelector(`[data-sort="${column.name}"]`)?.focus();
    },
  }, column.label, element("span", { class: "arrow", "aria-hidden": "true" }, { ascending: "▲", descending: "▼", none: "" }[way]));
  return element("th", { scope: "col", class: column.number ? "number" : null, "aria-sort": way }, button);
}

function body(row, columns, choose) {
  const cells = columns.map((column) => {
    if (column.name === "method") {
      const button = element("button", { type: "button", class: "link", click: () => choose(row.cell) }, row.cell.method.label);
      return element("th", { scope: "row" }, button);
    }
    const names = [column.number ? "number" : "", column.quiet ? "quiet" : ""].filter(Boolean).join(" ");
    return element("td", { class: names || null }, column.text(row));
  });
  return element("tr", { class: isIncomplete(row.cell) ? "incomplete" : null, "data-cell": row.cell.id }, cells);
}

function pages(size) {
  const rows = Number(state.rows) || 50;
  const last = Math.max(1, Math.ceil(size / rows));
  const page = Math.min(Math.max(1, Number(state.page) || 1), last);
  return { page, last, from: (page - 1) * rows, to: Math.min(page * rows, size) };
}

function showPage(size, total) {
  const { page, last, from, to } = pages(size);
  byId("page-first").disabled = byId("page-before").disabled = page === 1;
  byId("page-after").disabled = byId("page-last").disabled = page === last;
  const all = size === total ? count(total, "cell") : `${number(size, 0)} of ${count(total, "cell")}`;
  byId("row-count").textContent = size ? `${all}; rows ${number(from + 1, 0)} to ${number(to, 0)}` : all;
  byId("page-place").textContent = `page ${number(page, 0)} of ${number(last, 0)}`;
  return { page, last, from, to, all };
}

export function enableTable(data, choose) {
  const filtered = prepareFilters(data);
  let shown = null;
  let rows = [];
  let last = 1;

  function render() {
    const before = rows.length;
    rows = sorted(filtered((cell) => rowOf(data, cell, state.metric)), state.sort);
    const columns = columnsFor(rows);
    const place = showPage(rows.length, data.cells.length);
    last = place.last;
    byId("cells-head").replaceChildren(element("tr", {}, columns.map(head)));
    byId("cells-body").replaceChildren(...rows.slice(place.from, place.to).map((row) => body(row, columns, choose)));
    byId("no-rows").hidden = rows.length > 0;
    byId("cells").hidden = rows.length === 0;
    showFacets();
    if (byId("q").value !== state.q) byId("q").value = state.q;
    byId("rows").value = state.rows;
    if (shown !== null) announce(rows.length === before ? `${place.all}, page ${place.page} of ${last}` : place.all);
  }

  buildFacets(data);
  let typing = 0;
  byId("q").addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => change({ q: event.target.value, page: "1" }), 120);
  });
  NARROW.addEventListener("change", render);
  byId("rows").addEventListener("change", (event) => change({ rows: event.target.value, page: "1" }));
  const turn = (to) => change({ page: String(to) });
  byId("page-first").addEventListener("click", () => turn(1));
  byId("page-before").addEventListener("click", () => turn(pages(rows.length).page - 1));
  byId("page-after").addEventListener("click", () => turn(pages(rows.length).page + 1));
  byId("page-last").addEventListener("click", () => turn(last));
  byId("no-filters").addEventListener("click", () => reset(["q", "from", "to", "page", ...FACET_NAMES]));
  byId("save").addEventListener("click", () => {
    download("cells.csv", csvOf(rows));
    announce(`${count(rows.length, "cell")} saved as CSV.`);
  });
  onChange(() => {
    const now = JSON.stringify(SHOWN.map((name) => state[name]));
    if (now === shown) return;
    render();
    shown = now;
  });
}
