// Puts the page together once it is read.
import { enableCharts } from "./charts.js";
import { copyButton, enableCopying } from "./copying.js";
import { readData } from "./data.js";
import { enableDetail } from "./detail.js";
import { byId, fillSelect } from "./elements.js";
import { enablePrinting } from "./printing.js";
import { change, onChange, reset, restore, state, tell } from "./state.js";
import { enableTable } from "./table.js";
import { enableTheme } from "./theme.js";

function enableCommon(data) {
  const metrics = Object.values(data.metrics).map((metric) => [metric.name, metric.label]);
  fillSelect(byId("metric"), [["", "each suite's own"], ...metrics], state.metric);
  byId("metric").addEventListener("change", (event) => change({ metric: event.target.value, page: "1" }));
  for (const end of ["from", "to"]) {
    byId(end).addEventListener("input", (event) => {
      if (event.target.validity.valid) change({ [end]: event.target.value, page: "1" });
    });
  }
  onChange(() => {
    byId("metric").value = data.metrics[state.metric] ? state.metric : "";
    for (const end of ["from", "to"]) if (byId(end).value !== state[end]) byId(end).value = state[end];
  });
  byId("links").append(copyButton("Copy a link to this view", () => location.href));
  byId("all-anew").addEventListener("click", () => reset(Object.keys(state)));
}

document.documentElement.classList.add("scripted"); // what only scripts can serve is shown
enableTheme(byId("theme"));
enableCopying();
enablePrinting();
if (byId("data")) {
  const data = readData();
  byId("explore").hidden = false;
  const choose = enableDetail(data);
  enableCommon(data);
  enableCharts(data, choose);
  enableTable(data, choose);
  window.addEventListener("hashchange", restore);
  if (restore()) byId("explore").scrollIntoView();
  else tell();
}
